// The newest events, the newest first, and at most so many. While paused, new ones wait.

export class Kept {
  #most;
  #events = [];
  #new = [];
  #seen = new Set();
  paused = false;

  /** @param {number} most How many are kept. */
  constructor(most) { this.#most = most; }

  /** How many there are to show. */
  get size() { return Math.min(this.#most, this.#events.length + (this.paused ? 0 : this.#new.length)); }

  /** How many wait for the end of the pause. */
  get waiting() { return this.paused ? this.#new.length : 0; }

  /** @param {{seq: number, type: string}} event */
  add(event) {
    this.#seen.add(event.type);
    this.#new.push(event);
    // Twice as many, so that not each event copies the list.
    if (this.#new.length > 2 * this.#most) this.#new = this.#new.slice(-this.#most);
  }

  pause(yes) {
    if (!yes && this.paused && this.#new.length > this.#most) this.#new = this.#new.slice(-this.#most);
    this.#merge();
    this.paused = yes;
  }

  clear() {
    this.#events = [];
    this.#new = [];
  }

  /** Those of a type or family such as `file.*`; all for an empty one. @param {string} type */
  matching(type) {
    this.#merge();
    if (!type || type === '*') return this.#events;
    const fits = type.endsWith('*') ? (each) => each.type.startsWith(type.slice(0, -1)) : (each) => each.type === type;
    return this.#events.filter(fits);
  }

  /** The types that were seen. */
  types() { return [...this.#seen].sort(); }

  #merge() {
    if (this.paused || !this.#new.length) return;
    this.#events = [...this.#new.reverse(), ...this.#events].slice(0, this.#most);
    this.#new = [];
  }
}
