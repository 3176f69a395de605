// The sheet of shortcuts.

import { sheet } from '../core/dialogs.js';
import { html } from '../core/html.js';
import { keysShown, shortcuts } from '../core/keyboard.js';
import { t } from '../core/words.js';

export function openShortcuts() {
  sheet({ title: t('Shortcuts'), wide: true, content });
}

function content() {
  const sections = Map.groupBy ? Map.groupBy(shortcuts(), ({ section }) => section) : grouped();
  return html`<div class="shortcut-list">${[...sections].map(([section, entries]) => html`
    <section><h3>${section}</h3><dl>${entries.map(({ keys, label }) => html`
      <div><dt>${label}</dt><dd>${shown(keys)}</dd></div>`)}</dl></section>`)}</div>`;
}

function grouped() {
  /** @type {Map<string, ReturnType<typeof shortcuts>>} */
  const found = new Map();
  for (const each of shortcuts()) found.set(each.section, [...(found.get(each.section) ?? []), each]);
  return found;
}

/** @param {string} keys */
export const shown = (keys) => html`<span class="keys">${keysShown(keys).map((key) => html`<kbd>${key}</kbd>`)}</span>`;
