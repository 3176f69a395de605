// The frame around the views.

import { command } from '../core/commands.js';
import { shortcut } from '../core/keyboard.js';
import { navigate, onNavigate } from '../core/router.js';
import { urls } from '../core/session.js';
import { t } from '../core/words.js';
import { choose, startChoices } from './choices.js';
import { startConnection } from './connection.js';

/** A view that belongs to the link of another one. @type {Record<string, string>} */
const PARENTS = { file: 'files' };

/** What the buttons of the frame open. Most are loaded when they are wanted. @type {Record<string, () => unknown>} */
const OPEN = {
  palette: async () => (await import('./palette.js')).openPalette(),
  shortcuts: async () => (await import('./shortcuts.js')).openShortcuts(),
  more: async () => (await import('./more.js')).openMore(),
  uploads: async () => { const uploads = await import('../uploads/index.js'); await uploads.start(); uploads.showUploads(); },
  health: async () => (await import('./health.js')).openHealth(),
};

export function startShell() {
  onNavigate(markCurrent);
  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('button[data-shell]') : null;
    if (button instanceof HTMLElement) OPEN[button.dataset.shell ?? '']?.();
  });
  startChoices();
  startConnection();
  addShortcuts();
  addCommands();
}

/** What can wait until the first view is there. */
export async function startLater() {
  (await import('./health.js')).startHealth();
}

/** @returns {HTMLAnchorElement[]} */
const links = () => [...document.querySelectorAll('.nav [data-nav]')].filter((each) => each instanceof HTMLAnchorElement);

/** @param {string} view */
function markCurrent(view) {
  const name = PARENTS[view] ?? view;
  for (const link of links()) {
    if (link.dataset.nav === name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

function addShortcuts() {
  const section = t('Everywhere');
  shortcut('Ctrl+K', { label: t('Search'), section, frame: true, run: OPEN.palette });
  shortcut('?', { label: t('Shortcuts'), section, frame: true, run: OPEN.shortcuts });
  for (const link of links()) {
    const { shortcut: keys } = link.dataset;
    if (keys) shortcut(keys, { label: labelOf(link), section: t('Go to'), frame: true, run: () => navigate(link.href) });
  }
}

/** @param {HTMLElement} link */
const labelOf = (link) => link.textContent?.trim() ?? '';

function addCommands() {
  for (const link of links()) command({ label: labelOf(link), section: t('Go to'), keys: link.dataset.shortcut, href: link.href });
  command({ label: t('API reference'), section: t('Go to'), run: () => location.assign(urls.docs) });
  command({ label: t('Administration'), section: t('Go to'), run: () => location.assign(urls.admin) });
  for (const [label, value] of [[t('Colours: as the system'), ''], [t('Colours: light'), 'light'], [t('Colours: dark'), 'dark']]) {
    command({ label, section: t('Appearance'), run: () => choose('theme', value) });
  }
  for (const [label, value] of [['English', 'en'], ['Русский', 'ru']]) command({ label, section: t('Appearance'), run: () => choose('language', value) });
  command({ label: t('State of the service'), section: t('Everywhere'), run: OPEN.health });
  command({ label: t('Shortcuts'), section: t('Everywhere'), keys: '?', run: OPEN.shortcuts });
}
