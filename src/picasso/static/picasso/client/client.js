// The API that applications use. Its documentation: index.d.ts and docs/clients.md.

import { aboutStored, PicassoError, raise } from './errors.js';
import { EventStream } from './events.js';
import { idIn } from './ids.js';
import { rest } from './pauses.js';
import { Service } from './service.js';
import { sourceOf } from './sources.js';
import { Memory } from './store.js';
import { Upload, WINDOW } from './upload.js';

/** @import { EventsOptions, FileChanges, FileFilters, FileInfo, PicassoOptions, UploadOptions, UploadSource } from './index.d.ts' */

const WAIT = 30; // seconds of one request
const LEAST_PAUSE = 500; // milliseconds, where the service does not wait
const MOST_CONFLICTS = 5;

export class Picasso {
  #service;
  #memory;

  /** @param {PicassoOptions} [options] */
  constructor(options = {}) {
    this.#service = new Service(options);
    this.#memory = new Memory(options.store, this.#service.root);
  }

  /* ---- Uploads ---- */

  /** @param {UploadSource} content @param {UploadOptions} [options] */
  upload(content, options = {}) { return this.#upload(undefined, content, options); }

  /** @param {string} uploadUrl @param {UploadSource} content @param {UploadOptions} [options] */
  resume(uploadUrl, content, options = {}) { return this.#upload(idIn(uploadUrl), content, options); }

  /** @param {string | undefined} id @param {UploadSource} content @param {UploadOptions} options */
  async #upload(id, content, options) {
    const source = await sourceOf(content, options, options.chunkSize ?? WINDOW);
    const file = await new Upload(this.#service, source, options, this.#memory).run(id);
    return options.wait ? this.wait(file.id, options).catch((error) => raise(aboutStored(file.id, 'but can’t be waited for', error))) : file;
  }

  /** @param {string} uploadUrl @param {{signal?: AbortSignal}} [options] */
  uploadStatus(uploadUrl, { signal } = {}) { return this.#service.call('GET', `uploads/${idIn(uploadUrl)}`, { signal }); }

  /** @param {string} uploadUrl @param {{signal?: AbortSignal}} [options] @returns {Promise<void>} */
  async cancel(uploadUrl, { signal } = {}) {
    const id = idIn(uploadUrl);
    await this.#service.call('DELETE', `uploads/${id}`, { signal, headers: { 'Tus-Resumable': '1.0.0' } });
    for (const [print, upload] of await this.#memory.all()) if (upload.id === id) await this.#memory.forget(print, upload);
  }

  async unfinished() {
    const known = (await this.#memory.all()).map(([, upload]) => upload);
    return known.flatMap(({ id, name, size, at }) => (id ? [{ uploadUrl: this.#service.uploadUrl(id), name, size, startedAt: new Date(at) }] : []));
  }

  /* ---- Files ---- */

  /** @param {FileFilters} [filters] @param {{signal?: AbortSignal}} [options] @returns {AsyncGenerator<FileInfo, void, undefined>} */
  async *files(filters = {}, { signal } = {}) {
    const query = queryOf({ page_size: 100, ...filters });
    for (let cursor = ''; cursor !== null;) {
      query.set('cursor', cursor);
      const page = await this.#service.call('GET', 'files/', { query, signal });
      yield* page.results;
      cursor = page.next;
    }
  }

  /** @param {string} id @param {{signal?: AbortSignal}} [options] @returns {Promise<FileInfo>} */
  file(id, { signal } = {}) { return this.#service.call('GET', pathOf(id), { signal }); }

  /** @param {string} id @param {{signal?: AbortSignal}} [options] @returns {Promise<FileInfo>} */
  async wait(id, { signal } = {}) {
    for (;;) {
      const asked = Date.now();
      const file = await this.#service.call('GET', pathOf(id), { signal, headers: { Prefer: `wait=${WAIT}` } });
      if (file.state === 'processed' || file.state === 'failed') return file;
      await rest(Math.max(0, LEAST_PAUSE - (Date.now() - asked)), signal);
    }
  }

  /** @param {string} id @param {FileChanges | ((file: FileInfo) => FileChanges)} changes @param {{signal?: AbortSignal}} [options] @returns {Promise<FileInfo>} */
  async update(id, changes, { signal } = {}) {
    if (typeof changes !== 'function') return this.#patch(id, changes, {}, signal);
    for (let conflicts = 0; ; conflicts += 1) {
      const { file, etag } = await this.#withEtag(id, signal);
      try {
        return await this.#patch(id, changes(file), { 'If-Match': etag }, signal);
      } catch (error) {
        if (!(error instanceof PicassoError) || error.status !== 412 || conflicts === MOST_CONFLICTS) throw error;
      }
    }
  }

  /** @param {string} id @param {AbortSignal | undefined} signal */
  async #withEtag(id, signal) {
    let etag = '';
    const file = await this.#service.call('GET', pathOf(id), { signal, onHeaders: (headers) => { etag = headers.get('ETag') ?? ''; } });
    return { file, etag };
  }

  /** @param {string} id @param {FileChanges} changes @param {Record<string, string>} headers @param {AbortSignal | undefined} signal */
  #patch(id, changes, headers, signal) {
    return this.#service.call('PATCH', pathOf(id), {
      signal,
      json: changes,
      headers: { 'Content-Type': 'application/merge-patch+json', ...headers },
      repeats: !headers['If-Match'], // its own first attempt may have changed the file
    });
  }

  /** @param {string} id @param {{permanently?: boolean, signal?: AbortSignal}} [options] @returns {Promise<void>} */
  delete(id, { permanently, signal } = {}) {
    return this.#service.call('DELETE', pathOf(id), { signal, query: queryOf({ permanently: permanently || undefined }) });
  }

  /** @param {string} id @param {{signal?: AbortSignal}} [options] @returns {Promise<FileInfo>} */
  restore(id, { signal } = {}) { return this.#service.call('POST', `${pathOf(id)}restore/`, { signal }); }

  /* ---- Events ---- */

  /** @param {EventsOptions} [options] */
  events(options = {}) { return new EventStream(this.#service, options); }
}

/** @param {string} id */
const pathOf = (id) => `files/${encodeURIComponent(id)}/`;

/** @param {Record<string, unknown>} filters */
function queryOf({ attributes, ...filters }) {
  const of = Object.entries(attributes ?? {}).map(([key, value]) => [`attributes.${key}`, typeof value === 'string' ? value : JSON.stringify(value)]);
  const others = Object.entries(filters).filter(([, value]) => value !== undefined && value !== null);
  return new URLSearchParams([...others.map(([name, value]) => [name, textOf(value)]), ...of]);
}

/** @param {unknown} value */
const textOf = (value) => (value instanceof Date ? value.toISOString() : String(value));
