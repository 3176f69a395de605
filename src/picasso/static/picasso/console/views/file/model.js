// What the page knows of its file: it is loaded, followed by events, and asked for again while something happens to it.

import { api } from '../../core/api.js';
import { follow } from '../../core/live.js';
import { can } from '../../core/session.js';
import { expiry } from './addresses.js';

const SOON = 300; // milliseconds in which several events lead to one request
const POLL = 3_000; // while it is processed, also without events
const BEFORE_EXPIRY = 60_000;

/** Milliseconds a timer may wait: browsers take longer ones for none. */
const LONGEST = 2 ** 31 - 1;

export const isSettled = ({ state }) => state === 'processed' || state === 'failed';

export class Model {
  file = null;
  jobs = null;
  deliveries = null;
  /** `loading`, `ready`, `missing`, `deleted`, `offline` or `error`. */
  state = 'loading';
  problem = null;
  /** 0 to 1 of the job that runs. */
  progress = null;
  /** Whether a deleted file can be restored. */
  trashed = false;

  #ended = new AbortController();
  #timer;
  #stop;
  #loads = 0;
  #heard = false; // whether something has happened since the last load began

  /** @param {string} id @param {() => void} changed is called after each change */
  constructor(id, changed) {
    this.id = id;
    this.changed = changed;
    this.#stop = follow(can('jobs:read') ? ['file.*', 'job.*'] : ['file.*'], (event) => this.#hear(event));
  }

  get signal() {
    return this.#ended.signal;
  }

  end() {
    this.#ended.abort();
    this.#stop();
    clearTimeout(this.#timer);
  }

  /** Load everything anew. What is shown stays until then. */
  async load() {
    const number = ++this.#loads;
    this.#heard = false;
    try {
      const [file, jobs] = await Promise.all([this.#get(''), can('jobs:read') ? this.#get('jobs/').catch(() => null) : null]);
      if (number !== this.#loads) return;
      Object.assign(this, { file, jobs: jobs?.results ?? this.jobs, state: 'ready', problem: null });
      if (isSettled(file)) this.progress = null;
      if (file.webhook_url && can('webhooks:write')) this.#loadDeliveries();
    } catch (problem) {
      if (this.signal.aborted || number !== this.#loads) return;
      this.#fail(problem);
    }
    this.#plan();
    this.changed();
  }

  /** Take over what an answer shows of the file. */
  replace(file) {
    this.file = { ...this.file, ...file };
    this.changed();
  }

  setDeleted(trashed) {
    this.#loads += 1; // an answer that is under way is older
    Object.assign(this, { state: 'deleted', trashed });
    this.changed();
  }

  setRestored() {
    Object.assign(this, { state: this.file ? 'ready' : 'loading', trashed: false });
    this.load();
  }

  async #loadDeliveries() {
    const found = await this.#get('deliveries/').catch(() => null);
    if (!found) return;
    this.deliveries = found.results;
    this.changed();
  }

  #get(path) {
    return api(`files/${this.id}/${path}`, { signal: this.signal });
  }

  /** A file that was shown stays there when a later request fails, but for one that says that it is gone. */
  #fail(problem) {
    this.problem = problem;
    if (problem.status === 404) this.state = this.file ? 'deleted' : 'missing';
    else if (!this.file) this.state = problem.status ? 'error' : 'offline';
  }

  #hear({ type, data }) {
    if (type === 'reset') return this.#soon();
    if (data.id !== this.id) return undefined;
    if (type === 'file.deleted') return this.setDeleted(Boolean(data.trashed));
    if (type === 'file.processing' && typeof data.progress === 'number') {
      this.progress = data.progress;
      this.changed();
    }
    return this.#soon();
  }

  /** Also while a load is under way, which may have come too early. */
  #soon() {
    this.#heard = true;
    this.#later(SOON);
  }

  /** When to ask again: soon while something happens, and before the links end. */
  #plan() {
    if (this.state === 'deleted' || this.state === 'missing') return undefined;
    if (this.#heard) return this.#later(SOON);
    const busy = this.file && !isSettled(this.file) || this.jobs?.some(({ state }) => state === 'running');
    if (busy || this.problem) return this.#later(POLL);
    const end = this.file && expiry(this.file.file);
    return end && this.#later(Math.min(Math.max(end - Date.now() - BEFORE_EXPIRY, BEFORE_EXPIRY), LONGEST));
  }

  #later(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.load(), milliseconds);
  }
}
