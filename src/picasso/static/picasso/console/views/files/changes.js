// What happens to files while their list is shown.

import { follow } from '../../core/live.js';

const FIRST = 150; // milliseconds until the first look
const NEXT = 1000; // and between two looks, however many events come
const NEXT_HIDDEN = 5000; // while nobody sees the window

/** Types that change what a row shows. */
const CHANGES = new Set(['file.processing', 'file.processed', 'file.failed', 'file.scanned', 'file.updated']);

/**
 * Collect events and handle them together.
 * @param {(seen: {gone: Set<string>, changed: Set<string>, arrived: Set<string>, lost: boolean}) => Promise<void>} handle
 *   `lost`: files came back, or events were lost, so the list has to be read anew
 * @param {AbortSignal} signal
 */
export function followChanges(handle, signal) {
  let seen = nothingSeen(), timer = 0, last = 0, busy = false;
  const plan = () => { timer ||= setTimeout(look, Math.max(FIRST, last + (document.hidden ? NEXT_HIDDEN : NEXT) - performance.now())); };
  const planAnew = () => {
    clearTimeout(timer);
    timer = 0;
    if (isThere(seen) && !busy) plan();
  };
  const look = async () => {
    timer = 0;
    if (busy) return;
    busy = true;
    const now = seen;
    seen = nothingSeen();
    try { await handle(now); } finally {
      busy = false;
      last = performance.now();
      if (isThere(seen) && !signal.aborted) plan();
    }
  };
  const stop = follow(['file.*'], (event) => { note(seen, event); if (isThere(seen) && !busy) plan(); });
  document.addEventListener('visibilitychange', planAnew, { signal });
  signal.addEventListener('abort', () => { stop(); clearTimeout(timer); });
}

const nothingSeen = () => ({ gone: new Set(), changed: new Set(), arrived: new Set(), lost: false });
const isThere = ({ gone, changed, arrived, lost }) => gone.size + changed.size + arrived.size > 0 || lost;

function note(seen, { type, data }) {
  if (type === 'file.deleted') seen.gone.add(data.id);
  else if (type === 'file.received') seen.arrived.add(data.id);
  else if (CHANGES.has(type)) seen.changed.add(data.id);
  else if (type === 'file.restored' || type === 'reset') seen.lost = true;
}
