// The files of the trash, page by page.

import { api } from '../../core/api.js';

const PAGE = 100;

export class Trash {
  #signal; #changed; #pages = 1;

  /** Newest upload first. */
  files = [];
  /** How many there are; null until it is known. */
  total = null;
  /** The last request's fault. */
  fault = null;

  /** @param {AbortSignal} signal @param {() => void} changed */
  constructor(signal, changed) {
    this.#signal = signal;
    this.#changed = changed;
  }

  /** Read all pages that are shown. @param {() => Promise<unknown>} [also] is awaited before they are shown */
  async read(also = async () => {}) {
    try {
      const [pages] = await Promise.all([Promise.all(Array.from({ length: this.#pages }, (_, n) => this.#page(n + 1))), also()]);
      this.total = pages[0].count;
      this.files = distinct(pages.flatMap((page) => page.results));
      this.fault = null;
    } catch (fault) {
      if (this.#signal.aborted) return;
      this.fault = fault;
    }
    this.#changed();
  }

  /** Read one page more. */
  async more() {
    this.#pages += 1;
    await this.read();
  }

  /** A page behind the end is empty. */
  async #page(page) {
    try {
      return await api('trash/', { query: { page, page_size: PAGE }, signal: this.#signal });
    } catch (fault) {
      if (fault.status === 404 && page > 1) return { results: [] };
      throw fault;
    }
  }
}

/** A file that moved to the next page meanwhile is there once. */
const distinct = (files) => [...new Map(files.map((file) => [file.id, file])).values()];
