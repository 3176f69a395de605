// The command palette: views, commands and files by name, by the keyboard alone.

import { api } from '../core/api.js';
import { commands, commandSearches } from '../core/commands.js';
import { sheet } from '../core/dialogs.js';
import { nameOf } from '../core/format.js';
import { createRef, html, ifDefined, nothing, ref } from '../core/html.js';
import { navigate } from '../core/router.js';
import { can, path } from '../core/session.js';
import { t } from '../core/words.js';
import { shown as keys } from './shortcuts.js';

/** @import { Command } from '../core/commands.js' */

const MOST = 40, FILES = 8, PAUSE = 150; // entries, entries, milliseconds

/** @type {ReturnType<typeof sheet> | undefined} */
let opened;
let query = '', chosen = 0, timer = 0;
/** @type {Command[]} */
let found = [];
/** @type {Command[]} */
let searched = [];
let search = new AbortController();

export function openPalette() {
  if (opened) return;
  query = '';
  searched = [];
  filter();
  const field = createRef();
  opened = sheet({ title: t('Search'), className: 'palette', content: () => content(field), onClose: () => { search.abort(); opened = undefined; } });
  /** @type {HTMLInputElement} */ (field.value).focus();
}

/** @param {import('../core/html.js').Ref} field */
const content = (field) => html`
  <div class="palette-field">
    <input ${ref(field)} type="text" role="combobox" aria-expanded="true" aria-controls="palette-list" aria-autocomplete="list"
      autocomplete="off" spellcheck="false" aria-label=${t('Search')} placeholder=${t('A view, a command or a file')}
      aria-activedescendant=${ifDefined(found.length ? `palette-${chosen}` : undefined)} @input=${typed} @keydown=${pressed}>
  </div>
  <div class="palette-list" id="palette-list" role="listbox" aria-label=${t('Found')}>
    ${found.map((entry, n) => item(entry, n))}
  </div>
  ${found.length ? nothing : html`<p class="palette-empty" role="status">${t('Nothing is called that.')}</p>`}`;

/** @param {Command} entry @param {number} n */
const item = (entry, n) => html`
  ${entry.section === found[n - 1]?.section ? nothing : html`<div class="palette-section" role="presentation">${entry.section}</div>`}
  <div class="palette-item" role="option" id=${`palette-${n}`} aria-selected=${n === chosen ? 'true' : 'false'}
    @click=${() => run(entry)} @pointermove=${() => choose(n)}>
    <bdi>${entry.label}</bdi>${entry.keys ? keys(entry.keys) : nothing}
  </div>`;

/** @param {InputEvent} event */
function typed(event) {
  query = /** @type {HTMLInputElement} */ (event.target).value;
  searched = searched.filter(({ label }) => matches(label));
  filter();
  opened?.update();
  clearTimeout(timer);
  search.abort();
  if (query.trim()) timer = setTimeout(lookFor, PAUSE);
}

async function lookFor() {
  search = new AbortController();
  const { signal } = search;
  const outcomes = await Promise.allSettled([files, ...commandSearches()].map((each) => each(query.trim(), signal)));
  if (signal.aborted) return;
  searched = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
  filter();
  opened?.update();
}

/** @param {string} name @param {AbortSignal} signal @returns {Promise<Command[]>} */
async function files(name, signal) {
  if (!can('files:read')) return [];
  const { results } = await api('files/', { query: { name, page_size: FILES, count: 'fast' }, signal });
  return results.map((/** @type {any} */ file) => ({ label: nameOf(file), section: t('Files'), href: path(`files/${file.id}`) }));
}

/** @param {string} text */
function matches(text) {
  const known = text.toLocaleLowerCase();
  return query.toLocaleLowerCase().split(/\s+/).every((word) => known.includes(word));
}

function filter() {
  const all = commands().filter(({ label, section }) => matches(`${label} ${section}`));
  const sections = [...new Set(all.map(({ section }) => section))];
  found = [...sections.flatMap((section) => all.filter((each) => each.section === section)), ...searched].slice(0, MOST);
  chosen = Math.min(chosen, Math.max(0, found.length - 1));
  if (!query) chosen = 0;
}

/** @param {number} n */
function choose(n) {
  if (n === chosen) return;
  chosen = n;
  opened?.update();
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && found.length) {
    event.preventDefault();
    choose((chosen + step + found.length) % found.length);
    document.getElementById(`palette-${chosen}`)?.scrollIntoView({ block: 'nearest' });
  } else if (event.key === 'Enter' && !event.isComposing && found[chosen]) {
    event.preventDefault();
    run(found[chosen]);
  }
}

/** @param {Command} entry */
function run({ href, run: does }) {
  opened?.close();
  if (href) navigate(href);
  else does?.();
}
