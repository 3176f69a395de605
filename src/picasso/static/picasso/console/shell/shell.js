// The frame around the views.

import { navigate, onNavigate } from '../core/router.js';
import { shortcut } from '../core/keyboard.js';
import { t } from '../core/words.js';

/** A view that is shown on an address of another one's. */
const PARENTS = { file: 'files' };

export function startShell() {
  onNavigate(markCurrent);
  for (const link of links()) addShortcut(link);
}

/** @returns {NodeListOf<HTMLAnchorElement>} */
const links = () => document.querySelectorAll('[data-nav]');

/** @param {string} view */
function markCurrent(view) {
  for (const link of links()) link.toggleAttribute('aria-current', false);
  const name = PARENTS[/** @type {keyof typeof PARENTS} */ (view)] ?? view;
  document.querySelector(`[data-nav="${name}"]`)?.setAttribute('aria-current', 'page');
}

/** @param {HTMLAnchorElement} link */
function addShortcut(link) {
  const { shortcut: keys } = link.dataset;
  if (keys) shortcut(keys, { label: link.textContent?.trim() ?? '', section: t('Go to'), run: () => navigate(link.href) });
}
