// Pauses between attempts.

const LAST_PAUSE = 30_000; // milliseconds
const LONGEST_TIMER = 2 ** 31 - 1; // milliseconds: a longer one is over at once

/** Counts failures in a row. */
export class Attempts {
  failures = 0;
  mayBeDone = false; // whether one of them may have done its work, though its answer was no success or got lost

  /** @param {number} retries how many failures in a row are too many @param {number} firstPause milliseconds */
  constructor(retries, firstPause) {
    this.retries = retries;
    this.firstPause = firstPause;
  }

  succeeded() { this.failures = 0; }

  get areUsedUp() { return this.failures >= this.retries; }

  /** The next pause in milliseconds, with jitter so that not all clients return at once. @param {number} [retryAfter] seconds */
  next(retryAfter = 0) {
    const pause = Math.min(this.firstPause * 2 ** this.failures, LAST_PAUSE) * (0.75 + Math.random() / 2);
    this.failures += 1;
    return Math.max(pause, retryAfter * 1000);
  }
}

/** Wait so many milliseconds, or until the browser is online again. Throws the reason of the signal once it is aborted. */
export async function rest(/** @type {number} */ milliseconds, /** @type {AbortSignal | undefined} */ signal) {
  signal?.throwIfAborted();
  const over = new AbortController();
  await new Promise((/** @type {(_?: unknown) => void} */ done) => {
    const timer = setTimeout(done, Math.min(milliseconds, LONGEST_TIMER));
    over.signal.addEventListener('abort', () => clearTimeout(timer));
    signal?.addEventListener('abort', done, { signal: over.signal });
    globalThis.addEventListener?.('online', done, { signal: over.signal });
  });
  over.abort();
  signal?.throwIfAborted();
}
