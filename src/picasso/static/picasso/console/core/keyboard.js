// Shortcuts: single keys ("j", "/", "?"), sequences ("g f") and chords ("Ctrl+K"). They never fire in a field.

const PAUSE = 1000; // milliseconds between the keys of a sequence

/**
 * @typedef {object} Shortcut
 * @property {string} keys
 * @property {string} label what it does, for the sheet of shortcuts
 * @property {string} section of the sheet
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

/** Those that apply now. */
export const shortcuts = () => [...all].filter(({ when }) => !when || when());

/** How a person reads the keys: ["Ctrl", "K"]. @param {string} keys */
export const keysShown = (keys) => keys.split(/[ +]/).map((key) => (key === 'Ctrl' && isMac() ? '⌘' : NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key)));

/** @type {Record<string, string>} */
const NAMES = { ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓', Escape: 'Esc' };
const isMac = () => /mac|iphone|ipad/i.test(navigator.platform);

/** A field of a dialog that has just been closed may have the focus for a moment. @param {EventTarget | null} target */
export const inField = (target) => target instanceof Element && target.closest('input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable=""], [contenteditable=true]') !== null && !target.closest('dialog:not([open])');

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.defaultPrevented || event.isComposing || event.repeat && event.key.length > 1 && !event.key.startsWith('Arrow')) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
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
