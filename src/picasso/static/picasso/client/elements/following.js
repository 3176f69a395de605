// Waits until files are processed, by few requests at a time: a browser has six connections to a service over HTTP/1.1.

import { isTemporary } from '../service.js';

/** @import { FileInfo } from '../index.d.ts' */
/** @import { Picasso } from '../client.js' */

const AT_ONCE = 2;
const TURN = 8000; // milliseconds that one file is waited for while others wait, too

/** @typedef {{id: string, signal: AbortSignal, done: (file: FileInfo) => void, failed: (error: unknown) => void}} Followed */

export class Following {
  /** @type {Followed[]} */
  #waiting = [];
  #running = 0;

  /** @param {() => Picasso} client */
  constructor(client) { this.client = client; }

  /** The file once it is processed or failed. @param {string} id @param {AbortSignal} signal @returns {Promise<FileInfo>} */
  settled(id, signal) {
    return new Promise((done, failed) => {
      this.#waiting.push({ id, signal, done, failed });
      if (this.#running < AT_ONCE) this.#run();
    });
  }

  async #run() {
    this.#running += 1;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) await this.#turn(next);
    this.#running -= 1;
  }

  /** Wait for one file; for a while only, if others wait as well. @param {Followed} followed */
  async #turn(followed) {
    const { id, signal, done, failed } = followed;
    const turn = this.#waiting.length ? AbortSignal.any([signal, AbortSignal.timeout(TURN)]) : signal;
    try {
      done(await this.client().wait(id, { signal: turn }));
    } catch (error) {
      if (signal.aborted) failed(signal.reason);
      else if (turn.aborted || isTemporary(error)) this.#waiting.push(followed);
      else failed(error);
    }
  }
}
