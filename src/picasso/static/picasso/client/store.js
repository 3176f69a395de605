// Remembers unfinished uploads in what the application gives: `localStorage`, a Map, or anything with their methods.

/** @import { Store, Unfinished } from './index.d.ts' */

const LIFETIME = 30 * 24 * 3600_000; // milliseconds; uploads expire in the service much earlier

/** @type {Set<string>} */
const claims = new Set(); // of all clients in this process

export class Memory {
  #store;
  #prefix;

  /** @param {Store | undefined} store @param {string} root the address of the API: a store may have uploads of several services */
  constructor(store, root) {
    this.#store = /** @type {any} */ (store);
    this.#prefix = `picasso ${root} `;
  }

  /** @param {string} print @returns {Promise<Unfinished | null>} */
  async recall(print) {
    const { getItem, get } = this.#store ?? {};
    const text = await (getItem ?? get)?.call(this.#store, this.#prefix + print);
    return parsed(text);
  }

  /** Without a store, or if it is full, nothing is kept. @param {string} print @param {Unfinished} upload */
  async remember(print, upload) {
    const { setItem, set } = this.#store ?? {};
    try {
      await (setItem ?? set)?.call(this.#store, this.#prefix + print, JSON.stringify({ ...upload, at: Date.now() }));
    } catch { /* it is not continued after a restart */ }
  }

  /** Unless another upload of the same file has replaced it. @param {string} print @param {{key: string}} upload */
  async forget(print, upload) {
    if ((await this.recall(print))?.key === upload.key) await this.#remove(print);
  }

  /** @param {string} print */
  async #remove(print) {
    const { removeItem, delete: remove } = this.#store;
    await (removeItem ?? remove).call(this.#store, this.#prefix + print);
  }

  /** All of them, by their prints. */
  async all() {
    /** @type {[string, Unfinished][]} */
    const found = [];
    for (const key of await keysOf(this.#store)) {
      const print = key.slice(this.#prefix.length), upload = key.startsWith(this.#prefix) && (await this.recall(print));
      if (upload && upload.at + LIFETIME < Date.now()) await this.#remove(print);
      else if (upload) found.push([print, upload]);
    }
    return found;
  }

  /**
   * Only one upload of a file at a time goes on with what is stored, also among the windows of a browser. Returns a
   * function that releases the claim, or null if the file is claimed.
   * @param {string} print
   */
  async claim(print) {
    const name = this.#prefix + print;
    if (claims.has(name)) return null;
    claims.add(name);
    const unlock = await lock(name);
    if (!unlock) claims.delete(name);
    return unlock && (() => { claims.delete(name); unlock(); });
  }
}

/** @param {any} store @returns {Promise<string[]>} */
async function keysOf(store) {
  if (!store) return [];
  if (typeof store.key === 'function') return Array.from({ length: store.length }, (_, n) => store.key(n));
  return Array.from(await store.keys());
}

/** @param {unknown} text @returns {Unfinished | null} */
function parsed(text) {
  try { return JSON.parse(/** @type {string} */ (text)) ?? null; } catch { return null; }
}

/** Plain HTTP and old versions of Node have no Web Locks. @param {string} name @returns {Promise<(() => void) | null>} */
function lock(name) {
  const locks = globalThis.navigator?.locks;
  if (!locks) return Promise.resolve(() => {});
  return new Promise((got, failed) => {
    locks.request(name, { ifAvailable: true }, (found) => {
      if (!found) return got(null);
      return new Promise((unlock) => { got(() => unlock(undefined)); });
    }).catch(failed);
  });
}
