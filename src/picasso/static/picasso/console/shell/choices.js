// What a person has chosen for this browser: colours, language, project. Cookies, so that the server draws the page right.

import { root } from '../core/session.js';

const YEAR = 365 * 24 * 3600; // seconds
// Only the colours: another language or project would load a page again in which somebody may be writing.
const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel(`picasso-theme ${root}`) : undefined;

export function startChoices() {
  document.addEventListener('change', ({ target }) => {
    if (target instanceof HTMLSelectElement && target.dataset.shell) choose(target.dataset.shell, target.value);
  });
  channel?.addEventListener('message', ({ data }) => apply('theme', data));
}

/** @param {string} name theme, language or project @param {string} value */
export function choose(name, value) {
  if (!(name in APPLY)) return;
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `picasso-${name}=${encodeURIComponent(value)}; Path=${root}/; Max-Age=${value ? YEAR : 0}; SameSite=Lax${secure}`;
  if (name === 'theme') channel?.postMessage(value);
  apply(name, value);
}

/** @param {string} name @param {string} value */
const apply = (name, value) => APPLY[name]?.(value);

/** @type {Record<string, (value: string) => void>} */
const APPLY = {
  theme(value) {
    if (value) document.documentElement.dataset.theme = value;
    else delete document.documentElement.dataset.theme;
    document.querySelector('meta[name=color-scheme]')?.setAttribute('content', value || 'light dark');
    for (const select of document.querySelectorAll('select[data-shell=theme]')) /** @type {HTMLSelectElement} */ (select).value = value;
  },
  language: () => location.reload(),
  // An address of the other project may not exist in this one.
  project: () => location.assign(`${root}/`),
};
