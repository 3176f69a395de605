// What is uploaded, in pieces: a Blob or File, bytes, a path (Node), or a stream that can be read only once.

import { PicassoError } from './errors.js';
import { IS_NODE } from './transport.js';

const SAMPLES = 16, SAMPLE = 4096; // bytes

/**
 * A part of the content. A Blob is one.
 * @typedef {{size: number, stream(): ReadableStream<Uint8Array>}} Piece
 */

/**
 * @typedef {object} Source
 * @property {string} name
 * @property {string} type
 * @property {number | undefined} size undefined until it is known
 * @property {string | undefined} fingerprint the same for the same file after a restart
 * @property {boolean} canRestart whether earlier bytes can be read again
 * @property {(offset: number, limit: number) => Promise<Piece>} piece from `offset` on: at most `limit` bytes, more than none unless the end is reached
 * @property {() => Promise<number | undefined>} sample a checksum that shows whether the content has changed
 */

/**
 * @param {import('./index.d.ts').UploadSource} content
 * @param {{name?: string, type?: string}} options
 * @param {number} window the bytes of a stream that are kept in memory
 * @returns {Promise<Source>}
 */
export async function sourceOf(content, options, window) {
  const source = await open(content, options, window);
  if (/\p{Cc}/u.test(source.type)) throw new TypeError('The type has control characters.'); // a line break would end its header field
  return source;
}

/** @param {import('./index.d.ts').UploadSource} content @param {{name?: string, type?: string}} options @param {number} window */
async function open(content, options, window) {
  if (typeof content === 'string' || content instanceof URL) return openPath(content, options);
  if (content instanceof Blob) return new BlobSource(content, options);
  if (content instanceof ArrayBuffer || ArrayBuffer.isView(content)) {
    return new BlobSource(new Blob([/** @type {BlobPart} */ (content)]), options);
  }
  if (content instanceof ReadableStream || Symbol.asyncIterator in Object(content)) return new StreamSource(content, options, window);
  throw new TypeError('upload() takes a Blob or File, bytes, a stream, or in Node the path of a file.');
}

const unreadable = (/** @type {unknown} */ cause) => new PicassoError({
  code: 'unreadable', cause, detail: 'The file can’t be read, or has changed since the upload began.',
});

/** A checksum of samples: two files with the same name, size and time may differ. FNV-1a, as plain HTTP has no Web Crypto. */
async function sampleOf(/** @type {number} */ size, /** @type {(start: number, end: number) => Promise<Uint8Array>} */ read) {
  const step = Math.max(0, size - SAMPLE) / (SAMPLES - 1);
  let hash = 0x811c9dc5;
  for (let n = 0; n < SAMPLES; n += 1) {
    const start = Math.floor(n * step);
    for (const byte of await read(start, Math.min(start + SAMPLE, size))) hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}

class BlobSource {
  canRestart = true;

  /** @param {Blob & {name?: string, lastModified?: number}} blob @param {{name?: string, type?: string}} options */
  constructor(blob, { name = blob.name ?? '', type = blob.type }) {
    this.name = name;
    this.type = type;
    this.size = blob.size;
    this.blob = blob;
    const parts = [blob.name, blob.size, blob.lastModified, blob.type];
    this.fingerprint = blob.lastModified === undefined ? undefined : JSON.stringify(parts);
  }

  async piece(/** @type {number} */ offset, /** @type {number} */ limit) {
    await this.read(offset, Math.min(offset + 1, this.size)); // an unreadable file would look like a lost connection
    return this.blob.slice(offset, Math.min(offset + limit, this.size));
  }

  async read(/** @type {number} */ start, /** @type {number} */ end) {
    try {
      return new Uint8Array(await this.blob.slice(start, end).arrayBuffer());
    } catch (error) {
      throw unreadable(error);
    }
  }

  async sample() { return sampleOf(this.size, (start, end) => this.read(start, end)); }
}

// Written so that bundlers for browsers leave it alone.
/** @param {string} name @returns {Promise<any>} */
const ofNode = (name) => import(/* webpackIgnore: true */ /* @vite-ignore */ name);

/** @param {string | URL} path @param {{name?: string, type?: string}} options */
async function openPath(path, options) {
  if (!IS_NODE) throw new TypeError('Only Node can upload a path. Give upload() a File or a Blob.');
  const [fs, { basename, resolve }, { fileURLToPath }] = await Promise.all(['node:fs', 'node:path', 'node:url'].map(ofNode));
  const at = resolve(path instanceof URL ? fileURLToPath(path) : path);
  return new PathSource(fs, at, await fs.promises.stat(at), { name: basename(at), ...options });
}

class PathSource {
  canRestart = true;

  /** @param {any} fs @param {string} path @param {{size: number, mtimeMs: number}} stat @param {{name?: string, type?: string}} options */
  constructor(fs, path, stat, { name = '', type = '' }) {
    this.fs = fs;
    this.path = path;
    this.stat = stat;
    this.name = name;
    this.type = type;
    this.size = stat.size;
    this.fingerprint = JSON.stringify([path, stat.size, stat.mtimeMs]);
  }

  /** @returns {Promise<Piece>} */
  async piece(/** @type {number} */ offset, /** @type {number} */ limit) {
    await this.#requireUnchanged();
    const end = Math.min(offset + limit, this.size), { fs, path } = this;
    if (end <= offset) return new Blob([]); // a range of Node's has one byte at least
    return { size: end - offset, stream: () => byteStream(fs.createReadStream(path, { start: offset, end: end - 1 })) };
  }

  async #requireUnchanged() {
    const { size, mtimeMs } = await this.fs.promises.stat(this.path).catch((/** @type {unknown} */ error) => { throw unreadable(error); });
    if (size !== this.stat.size || mtimeMs !== this.stat.mtimeMs) throw unreadable('changed');
  }

  async sample() {
    const file = await this.fs.promises.open(this.path);
    try {
      return await sampleOf(this.size, async (start, end) => (await file.read(new Uint8Array(end - start), 0, end - start, start)).buffer);
    } finally {
      await file.close();
    }
  }
}

/** @param {AsyncIterable<Uint8Array>} chunks @returns {ReadableStream<Uint8Array>} */
function byteStream(chunks) {
  const iterator = chunks[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    },
    cancel: async () => { await iterator.return?.(); },
  });
}

/** Keeps what the service has not confirmed yet. */
class StreamSource {
  /** @type {number | undefined} */
  size;
  fingerprint = undefined;
  canRestart = false;
  #start = 0; // the offset of what is kept
  /** @type {Uint8Array[]} */
  #kept = [];
  #length = 0; // of what is kept
  #ended = false;

  /** @param {any} content @param {{name?: string, type?: string}} options @param {number} window */
  constructor(content, { name = '', type = '' }, window) {
    this.name = name;
    this.type = type;
    this.window = window;
    this.iterator = content[Symbol.asyncIterator]?.() ?? iteratorOf(content);
  }

  async piece(/** @type {number} */ offset, /** @type {number} */ limit) {
    this.#forgetUntil(offset);
    // One byte more than asked for tells whether this is the last piece.
    while (this.#length <= this.window && !this.#ended) await this.#read();
    return new Blob(/** @type {BlobPart[]} */ (this.#kept)).slice(0, Math.min(limit, this.window));
  }

  async #read() {
    const { done, value } = await this.iterator.next();
    if (done) return this.#end();
    const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : new Uint8Array(value.buffer ?? value, value.byteOffset, value.byteLength);
    this.#kept.push(bytes);
    this.#length += bytes.byteLength;
  }

  #end() {
    this.#ended = true;
    this.size = this.#start + this.#length;
  }

  #forgetUntil(/** @type {number} */ offset) {
    if (offset < this.#start) throw unreadable('a stream can be read only once');
    while (this.#kept.length && this.#start < offset) {
      const [first] = this.#kept, gone = Math.min(first.byteLength, offset - this.#start);
      if (gone === first.byteLength) this.#kept.shift();
      else this.#kept[0] = first.subarray(gone);
      this.#start += gone;
      this.#length -= gone;
    }
  }

  async sample() { return undefined; }
}

/** For browsers whose streams can't be iterated. @param {ReadableStream<Uint8Array>} stream */
function iteratorOf(stream) {
  const reader = stream.getReader();
  return { next: () => reader.read() };
}
