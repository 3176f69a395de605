// Forms that a passkey answers: `data-passkey` says whether one is made (`create`) or asked for (`get`), `data-options` what
// the browser is asked, as JSON, or `data-options-url` where that is. The answer is sent in the field `credential`. What went
// wrong is said by the element with this `data-problem`: a status, `service` for any other one and for none, or `browser`.

const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (each) => each.charCodeAt(0));

const textOf = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

const described = (list) => list?.map((each) => ({ ...each, id: bytesOf(each.id) }));

const publicKey = ({ challenge, user, allowCredentials, excludeCredentials, ...rest }) => ({
  ...rest,
  challenge: bytesOf(challenge),
  ...(user && { user: { ...user, id: bytesOf(user.id) } }),
  ...(allowCredentials && { allowCredentials: described(allowCredentials) }),
  ...(excludeCredentials && { excludeCredentials: described(excludeCredentials) }),
});

// Not toJSON: extensions of browsers that keep passkeys do not all have it.
const shown = ({ id, rawId, type, response }) => {
  const parts = ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle'];
  const given = parts.filter((part) => response[part]).map((part) => [part, textOf(response[part])]);
  const transports = response.getTransports?.() ?? [];
  return { id, rawId: textOf(rawId), type, clientExtensionResults: {}, response: { ...Object.fromEntries(given), transports } };
};

class Unanswered extends Error {}

const fetched = async (url) => {
  const answer = await fetch(url, { headers: { Accept: 'application/json' } }).catch(() => null);
  if (!answer?.ok) throw new Unanswered(answer?.status);
  return answer.json().catch(() => { throw new Unanswered(); });
};

const ask = async (form) => {
  const { options, optionsUrl, passkey } = form.dataset;
  const asked = publicKey(options ? JSON.parse(options) : await fetched(optionsUrl));
  const credential = await navigator.credentials[passkey]({ publicKey: asked });
  form.elements.credential.value = JSON.stringify(shown(credential));
};

const problemOf = (form, fault) => {
  const said = (name) => form.querySelector(`[data-problem="${name}"]`);
  return fault instanceof Unanswered ? (said(fault.message) ?? said('service')) : said('browser');
};

const submit = async (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  const button = form.querySelector('button');
  for (const each of form.querySelectorAll('[data-problem]')) each.hidden = true;
  button.disabled = true;
  try {
    await ask(form);
    form.submit(); // which asks no listener again
  } catch (fault) {
    problemOf(form, fault).hidden = false;
  } finally {
    button.disabled = false;
  }
};

for (const form of window.PublicKeyCredential ? document.querySelectorAll('form[data-passkey]') : []) {
  form.addEventListener('submit', submit);
  for (const each of [form, ...document.querySelectorAll('.with-passkeys')]) each.hidden = false;
}
