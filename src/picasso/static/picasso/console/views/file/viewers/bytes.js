// Bytes of files, in parts.

import { api } from '../../../core/api.js';
import { web } from '../addresses.js';

const PART = 64 * 1024; // bytes
const MOST = 8 * 1024 * 1024; // of JSON that is read as a whole

/** Reads a text part by part, by Range requests. */
export class TextReader {
  #decoder;
  #offset = 0;

  /**
   * @param {string} url
   * @param {number} size in bytes
   * @param {string} [encoding] as Python or the web name it; it is used where the answer does not name one
   * @param {AbortSignal} [signal]
   */
  constructor(url, size, encoding, signal) {
    Object.assign(this, { url: web(url), size, encoding, signal });
  }

  get read() {
    return this.#offset;
  }

  get isDone() {
    return this.#offset >= this.size;
  }

  /** The next part as text; characters that are cut at its end come with the part after it. Throws `Problem`. */
  async next() {
    if (this.isDone) return '';
    const headers = { Range: `bytes=${this.#offset}-${Math.min(this.#offset + PART, this.size) - 1}` };
    const response = await api(this.url, { raw: true, headers, signal: this.signal });
    const bytes = new Uint8Array(await response.arrayBuffer());
    this.#decoder ??= decoderOf(response.headers.get('Content-Type'), this.encoding);
    this.#offset = response.status === 206 ? this.#offset + bytes.length : this.size;
    return this.#decoder.decode(bytes, { stream: !this.isDone });
  }
}

/** By the charset of the answer, the encoding that was found, and UTF-8. */
function decoderOf(contentType, encoding) {
  const charset = /charset="?([\w.:-]+)/i.exec(contentType ?? '')?.[1];
  for (const label of [charset, encoding, encoding?.replaceAll('_', '-')].filter(Boolean)) {
    try { return new TextDecoder(label); } catch { /* a name that browsers do not know */ }
  }
  return new TextDecoder(encoding === null ? 'windows-1252' : 'utf-8');
}

/** The JSON at an address. Throws `Problem`, and `SyntaxError`. */
export async function json(derivative, signal) {
  if (derivative.size > MOST) throw new RangeError('too large');
  const response = await api(web(derivative.url), { raw: true, signal });
  return response.json();
}
