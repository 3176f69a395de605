// The quick starts: the same first steps in each language, with this host and the credential filled in.

import { apiRoot, me, root } from '../../core/session.js';
import { t } from '../../core/words.js';

/** In the order of the tabs; the names are part of addresses. */
export const STARTS = ['curl', 'python', 'javascript', 'uppy'];

const service = () => `${location.origin}${root}`;
const api = () => new URL(apiRoot, location.href).href;
const client = () => new URL('../../../client/index.js', import.meta.url).href;

/** Whether a credential is needed at all. */
const isOpen = () => me.kind === 'open';

/**
 * @param {string} name One of `STARTS`.
 * @param {{key: string, token: string} | null} made What was made for this; otherwise there are placeholders.
 */
export function startIn(name, made) {
  return { curl, python, javascript, uppy }[name](made ?? {});
}

function curl({ key }) {
  const open = isOpen() && !key;
  const header = open ? '' : '-H "Authorization: Bearer $PICASSO_KEY" ';
  const first = open ? '' : `export PICASSO_KEY='${key ?? 'pk_…'}'\n\n`;
  return {
    label: 'curl',
    steps: [
      { title: t('Upload a file, and wait until it is processed'), code: `${first}curl ${header}-H "Prefer: wait=30" \\\n  -F file=@picture.jpg ${api()}upload/` },
      { title: t('List the newest files'), code: `curl ${header}"${api()}files/?page_size=5"` },
      { title: t('Follow what happens'), code: `curl -N ${header}-H "Accept: text/event-stream" \\\n  "${api()}events/?type=file.*"` },
    ],
  };
}

function python({ key }) {
  const credential = isOpen() && !key ? '' : `, key="${key ?? 'pk_…'}"`;
  return {
    label: 'Python',
    steps: [
      { title: t('Install the client (from the repository of Picasso)'), code: 'pip install ./clients/python' },
      {
        title: t('Upload, wait, and fetch what was made'),
        code: `from picasso_client import Client, PicassoError

with Client("${service()}"${credential}) as client:
    try:
        file = client.upload("picture.jpg", tags=["first"], wait=60)
    except PicassoError as error:
        raise SystemExit(f"{error.status} {error.code}: {error.detail}")
    print(file.id, file.state, file.media_type)
    for derivative in file.derivatives:
        client.download(derivative, ".")`,
      },
    ],
  };
}

function javascript({ token }) {
  return {
    label: 'JavaScript',
    note: tokenNote(token),
    steps: [{
      title: t('A page that uploads'),
      code: `<input type="file" id="file">
<script type="module">
  import { Picasso } from "${client()}";

  const picasso = new Picasso({ url: "${service()}"${tokenOption(token)} });

  document.querySelector("#file").addEventListener("change", async ({ target }) => {
    const file = await picasso.upload(target.files[0], {
      onProgress: ({ sent, total }) => console.log(\`\${sent} of \${total} bytes\`),
      wait: true, // until it is processed or has failed
    });
    console.log(file.id, file.state, file.derivatives);
  });
</script>`,
    }, ...tokenStep()],
  };
}

function uppy({ token }) {
  const headers = isOpen() && !token ? '' : `\n    headers: { Authorization: "Bearer ${token ?? 'eyJ…'}" },`;
  return {
    label: 'Uppy',
    note: tokenNote(token),
    steps: [
      { title: t('Install'), code: 'npm install @uppy/core @uppy/dashboard @uppy/tus' },
      {
        title: t('A dashboard whose uploads resume'),
        code: `import Uppy from "@uppy/core";
import Dashboard from "@uppy/dashboard";
import Tus from "@uppy/tus";

new Uppy()
  .use(Dashboard, { inline: true, target: "#uploads" })
  .use(Tus, {
    endpoint: "${api()}uploads/",
    retryDelays: [0, 1000, 3000, 5000, 10000],${headers}
  });`,
      },
      ...tokenStep(),
    ],
  };
}

const tokenOption = (token) => (isOpen() && !token ? '' : `, getToken: async () => "${token ?? 'eyJ…'}"`);

function tokenNote(token) {
  if (isOpen() && !token) return t('A page of another origin must be among the CORS origins of the project.');
  const filled = token ? t('The token that is filled in is valid for an hour.') : t('A page never has a key: your server gives it a token that ends soon.');
  return `${filled} ${t('A page of another origin must be among the CORS origins of the project.')}`;
}

/** How a server makes tokens. */
const tokenStep = () => (isOpen() ? [] : [{
  title: t('On your server: make a token for a page'),
  code: `curl -H "Authorization: Bearer $PICASSO_KEY" -H 'Content-Type: application/json' ${api()}tokens/ \\
  -d '{"owner": "user-42", "scopes": ["files:read", "files:write"], "valid_for": 600}'`,
}]);
