// What the bar at the bottom of a phone has no room for.

import { sheet } from '../core/dialogs.js';
import { html } from '../core/html.js';
import { t } from '../core/words.js';

const ROOM = 4; // links in the bar; shell.css hides the others

export function openMore() {
  const foot = /** @type {HTMLElement} */ (document.getElementById('shell-foot'));
  const home = /** @type {HTMLElement} */ (foot.parentElement);
  const list = Object.assign(document.createElement('ul'), { className: 'nav-list' });
  list.append(...rest().map((item) => item.cloneNode(true)));
  const opened = sheet({
    title: t('More'),
    content: (close) => html`<div class="more-sheet" @click=${(/** @type {MouseEvent} */ { target }) => target instanceof Element && target.closest('a') && close()}><nav aria-label=${t('More')}>${list}</nav>${foot}</div>`,
    onClose: () => home.append(foot),
  });
  return opened;
}

const rest = () => [
  ...[...document.querySelectorAll('.nav-first > li:not(.nav-rest)')].slice(ROOM),
  ...document.querySelectorAll('.nav-more > li'),
];
