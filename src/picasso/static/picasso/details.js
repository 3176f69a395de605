// The panel below a file: everything that is known about it.

import { h, slot, webUrl } from './page.js';
import { thumbnailOf } from './thumbnail.js';
import { bytes, exactBytes, humanise, nameOf, number, visible } from './words.js';

export function fillPanel(row, file) {
  const made = thumbnailOf(file), { error, derivatives = [] } = file;
  const size = file.size < 1024 ? bytes(file.size) : `${bytes(file.size)} (${exactBytes(file.size)})`;
  const about = { 'Name': nameOf(file), 'Media type': file.media_type, 'Size': size, 'Uploaded': new Date(file.uploaded_at).toLocaleString(), 'SHA-256': file.sha256 };
  slot('more', row).replaceChildren(
    made ? h('img', { class: 'preview', src: webUrl(made.url), width: made.width, height: made.height, alt: `Thumbnail of ${nameOf(file)}` }) : '',
    h('div', { class: 'facts' },
      error && h('p', { class: 'problem' }, h('strong', {}, humanise(error.code)), ': ', h('bdi', {}, visible(error.detail))),
      definitions(about),
      derivatives.length > 0 && part('Made from it', h('p', { class: 'made' }, ...derivatives.map(derivativeLink))),
      ...Object.entries(file.facts ?? {}).map(([processor, facts]) => part(humanise(processor), value(facts)))),
  );
}

const part = (title, content) => h('section', {}, h('h3', {}, h('bdi', {}, title)), content);

function derivativeLink({ role, url, media_type: type, size, width, height }) {
  const about = [type, width && height && `${width} × ${height}`, size != null && bytes(size)].filter(Boolean).join(' · ');
  return h('a', { class: 'button', href: webUrl(url), target: '_blank', rel: 'noopener noreferrer' }, visible(role), h('small', {}, visible(about)));
}

function definitions(facts) {
  const known = Object.entries(facts).filter(([, fact]) => fact != null && fact !== '' && fact.length !== 0);
  return h('dl', {}, ...known.flatMap(([key, fact]) => {
    const content = value(fact, key);
    return [h('dt', {}, h('bdi', {}, humanise(key))), h('dd', { class: content.tagName === 'PRE' ? 'wide' : null }, content)];
  }));
}

/** Any JSON value as an element: a value, a list, or nested facts. */
function value(fact, key = 'Text') {
  if (Array.isArray(fact) && fact.some((item) => item instanceof Object)) return h('ul', {}, ...fact.map((item) => h('li', {}, value(item))));
  if (fact instanceof Object && !Array.isArray(fact)) return definitions(fact);
  if (typeof fact === 'number') return h('span', {}, number(fact));
  const text = typeof fact === 'boolean' ? (fact ? 'yes' : 'no') : [fact].flat().join(', ');
  if (!text.includes('\n') && text.length < 200) return h('bdi', {}, visible(text));
  return h('pre', { tabindex: 0, role: 'region', 'aria-label': humanise(key) }, visible(text.replaceAll('\r\n', '\n'), '\n\t'));
}
