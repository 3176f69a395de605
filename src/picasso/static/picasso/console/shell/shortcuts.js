// The sheet of shortcuts.

import { sheet } from '../core/dialogs.js';
import { html } from '../core/html.js';
import { keysShown, shortcuts } from '../core/keyboard.js';
import { t } from '../core/words.js';

export function openShortcuts() {
  sheet({ title: t('Shortcuts'), wide: true, className: 'shortcuts', content });
}

function content() {
  const entries = shortcuts(), sections = [...new Set(entries.map(({ section }) => section))];
  return html`<div class="shortcut-list">${sections.map((section) => html`
    <section><h3>${section}</h3><dl>${entries.filter((each) => each.section === section).map(({ keys, label }) => html`
      <div><dt>${label}</dt><dd>${keys.map((each, n) => html`${n ? html`<span class="sr-only"> ${t('or')} </span>` : ''}${shown(each)}`)}</dd></div>`)}</dl></section>`)}</div>`;
}

/** @param {string} keys */
export const shown = (keys) => html`<span class="keys">${keysShown(keys).map((key) => html`<kbd>${key}</kbd>`)}</span>`;
