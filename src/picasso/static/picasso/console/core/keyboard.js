// Shortcuts: single keys ("j", "/", "?"), sequences ("g f") and chords ("Ctrl+K"). They never fire in a field. And tables of
// the keys of a part of a view, such as a list or a player, which fire while it has the focus. The sheet of shortcuts has both.

import { t } from './words.js';

const PAUSE = 1000; // milliseconds between the keys of a sequence

/**
 * @typedef {object} Shortcut
 * @property {string} keys
 * @property {string} label what it does, for the sheet of shortcuts
 * @property {string} section of the sheet
 * @property {boolean} [frame] it belongs to the frame: the sheet shows it behind those of the view
 * @property {() => boolean} [when] whether it applies now
 * @property {(event: KeyboardEvent) => unknown} run
 */

/** @type {Set<Shortcut>} */
const all = new Set();
let typed = '', typedAt = 0;

/**
 * Add a shortcut. The newest one of the same keys goes first.
 * @param {string} keys @param {Omit<Shortcut, 'keys'>} options
 * @returns {() => void} removes it
 */
export function shortcut(keys, options) {
  const entry = { keys, ...options };
  all.add(entry);
  return () => { all.delete(entry); };
}

/**
 * Some keys that do much the same.
 * @template Part
 * @typedef {object} Keys
 * @property {() => string} label what they do, for the sheet of shortcuts
 * @property {Record<string, (part: Part, event: KeyboardEvent) => unknown>} keys by their names: "Enter", "Shift+ArrowUp",
 *   "Ctrl+A", "Space", "Plus". What gives false leaves the key to others.
 * @property {string[]} [shown] those that the sheet names, if not all
 */

/** @type {Set<{section: string, table: Keys<any>[], frame: boolean}>} */
const tables = new Set();

/**
 * Show a table of keys in the sheet of shortcuts.
 * @param {string} section of the sheet @param {Keys<any>[]} table @param {boolean} [frame] as of a shortcut
 * @returns {() => void} removes it
 */
export function describe(section, table, frame = false) {
  const entry = { section, table, frame };
  tables.add(entry);
  return () => { tables.delete(entry); };
}

/**
 * Do what a table says of a key, if it says anything of it.
 * @template Part
 * @param {KeyboardEvent} event @param {Keys<Part>[]} table @param {Part} part
 */
export function pressIn(event, table, part) {
  if (event.altKey) return;
  const name = nameOf(event), run = table.map(({ keys }) => keys[name]).find(Boolean);
  if (!run || run(part, event) === false) return;
  event.preventDefault();
  event.stopPropagation();
}

/** @param {KeyboardEvent} event */
function nameOf(event) {
  const key = keyOf(event), chord = event.ctrlKey || event.metaKey ? 'Ctrl+' : '';
  const shift = event.shiftKey && (key.length > 1 || chord) ? 'Shift+' : '';
  return chord + shift + (chord && key.length === 1 ? key.toUpperCase() : key);
}

/** @type {Record<string, string>} */
const WORDS = { ' ': 'Space', '+': 'Plus' };

/** Letters in small; on a keyboard of other letters those that a Latin one has there. @param {KeyboardEvent} event */
function keyOf({ key, code }) {
  if (key.length > 1) return key;
  const latin = /^Key([A-Z])$/.exec(code ?? '')?.[1];
  return latin && key > '\x7f' ? latin.toLowerCase() : WORDS[key] ?? key.toLowerCase();
}

/**
 * All of them, those of the view first.
 * @returns {{section: string, label: string, keys: string[]}[]} `keys`: each does it
 */
export function shortcuts() {
  const ofParts = [...tables].flatMap(({ section, table, frame }) => table.map(({ label, keys, shown }) => ({ section, frame, label: label(), keys: shown ?? Object.keys(keys) })));
  const ofAll = [...all].map(({ section, frame = false, label, keys }) => ({ section, frame, label, keys: [keys] }));
  const entries = [...ofParts, ...ofAll].toSorted((a, b) => Number(a.frame) - Number(b.frame));
  return [...new Set(entries.map(({ section }) => section))].flatMap((section) => entries.filter((each) => each.section === section));
}

/** How a person reads the keys: ["Ctrl", "K"]. @param {string} keys */
export const keysShown = (keys) => keys.split(/[ +]/).map((key) => (key === 'Ctrl' && isMac() ? '⌘' : NAMES[key]?.() ?? (key.length === 1 ? key.toUpperCase() : key)));

/** @type {Record<string, () => string>} */
const NAMES = {
  ArrowLeft: () => '←', ArrowRight: () => '→', ArrowUp: () => '↑', ArrowDown: () => '↓', Escape: () => 'Esc', Plus: () => '+',
  Space: () => t('Space'), PageUp: () => 'Page Up', PageDown: () => 'Page Down',
};
const isMac = () => /mac|iphone|ipad/i.test(navigator.platform);

/** A field of a dialog that has just been closed may have the focus for a moment. @param {EventTarget | null} target */
export const inField = (target) => target instanceof Element && target.closest('input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable=""], [contenteditable=true]') !== null && !target.closest('dialog:not([open])');

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.defaultPrevented || event.isComposing || event.repeat && event.key.length > 1 && !event.key.startsWith('Arrow')) return;
  const key = keyOf(event);
  const chord = event.ctrlKey || event.metaKey;
  if (event.altKey || (!chord && inField(event.target)) || (!chord && document.querySelector('dialog[open]'))) return;
  const sequence = !chord && event.timeStamp - typedAt < PAUSE ? `${typed} ${key}` : '';
  const wanted = chord ? [`Ctrl+${event.shiftKey ? 'Shift+' : ''}${key.toUpperCase()}`] : [sequence, event.shiftKey && key.length > 1 ? `Shift+${key}` : key];
  const found = [...all].reverse().find(({ keys, when }) => wanted.includes(keys) && (!when || when()));
  typed = chord || found ? '' : key;
  typedAt = event.timeStamp;
  if (!found) return;
  event.preventDefault();
  found.run(event);
}

addEventListener('keydown', pressed);
