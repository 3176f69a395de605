// What the command palette offers.

/**
 * @typedef {object} Command
 * @property {string} label
 * @property {string} section
 * @property {string} [keys] the shortcut that does the same
 * @property {() => unknown} [run]
 * @property {string} [href]
 */

/** @type {Set<Command>} */
const all = new Set();
/** @type {Set<(query: string, signal: AbortSignal) => Promise<Command[]>>} */
const searches = new Set();

/** @param {Command} entry @returns {() => void} removes it */
export function command(entry) {
  all.add(entry);
  return () => { all.delete(entry); };
}

/**
 * Add a search whose findings the palette shows while somebody types, such as files by name.
 * @param {(query: string, signal: AbortSignal) => Promise<Command[]>} search
 * @returns {() => void} removes it
 */
export function commandSearch(search) {
  searches.add(search);
  return () => { searches.delete(search); };
}

export const commands = () => [...all];
export const commandSearches = () => [...searches];
