// Which uploads the tray shows one by one: thousands of rows would help nobody, and slow the page down.

const MOST = { queued: 20, done: 10, waiting: 50 };

/**
 * First those that wait for the user, then those on their way; the earliest queued ones, the latest ones that are done.
 * @param {import('./item.js').Item[]} items
 * @returns {{shown: import('./item.js').Item[], hidden: {queued: number, done: number, waiting: number}}}
 */
export function folded(items) {
  const groups = { queued: [], done: [], waiting: [], active: [] };
  for (const item of items) groups[groupOf(item)].push(item);
  const { active, done, queued, waiting } = groups;
  const shown = [...waiting.slice(0, MOST.waiting), ...active, ...queued.slice(0, MOST.queued), ...done.slice(-MOST.done).reverse()];
  const hidden = Object.fromEntries(Object.entries(MOST).map(([name, most]) => [name, Math.max(0, groups[name].length - most)]));
  return { shown, hidden };
}

function groupOf({ state }) {
  if (state === 'queued' || state === 'done') return state;
  return ['checking', 'sending', 'lost'].includes(state) ? 'active' : 'waiting';
}
