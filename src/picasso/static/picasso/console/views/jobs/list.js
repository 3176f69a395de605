// The list of jobs: what it has read, what is ticked, and actions on one, on many, or on all that match.

import { api } from '../../core/api.js';
import { nothing, render } from '../../core/html.js';
import { service, watchService } from '../../parts/service.js';
import { toast } from '../../core/toasts.js';
import { t, tn } from '../../core/words.js';
import { agrees, changeMany, countOf, possible } from './actions.js';
import { filterOf } from './filter.js';
import { page } from './list_page.js';
import { refreshing } from './refresh.js';
import { ACTIVE, countIn } from './words.js';

/** @typedef {import('./words.js').Job} Job */

const PAGE = 50;
/** So many rows are read again when something has happened. */
const LIVE_ROWS = 100;
/** A longer list begins anew, so that a window that stays open does not grow for ever. */
const MOST_ROWS = 5000;

/** @param {HTMLElement} place @param {import('../../core/router.js').Context} context */
export function mountList(place, context) {
  const list = new List(place, context);
  list.start();
  return { update: (/** @type {any} */ next) => list.show(next), unmount: () => list.stop() };
}

export class List {
  /** @param {HTMLElement} place @param {import('../../core/router.js').Context} context */
  constructor(place, context) {
    this.place = place;
    this.navigate = context.navigate;
    this.leave = new AbortController();
    this.signal = AbortSignal.any([context.signal, this.leave.signal]);
    this.filter = filterOf(context.query);
    this.reset();
    /** @type {{states: any[], failures: any[]} | undefined} */
    this.summary = undefined;
    /** What was retried, until all of it has ended. @type {{count: number, failedBefore: number} | undefined} */
    this.followed = undefined;
  }

  reset() {
    /** @type {Job[] | undefined} */
    this.jobs = undefined;
    /** @type {string | null} */
    this.next = null;
    this.problem = undefined;
    /** @type {Set<string>} */
    this.ticked = new Set();
    /** @type {{count: number, more: boolean} | undefined} */
    this.matching = undefined;
    this.busy = '';
    this.turn = (this.turn ?? 0) + 1;
  }

  start() {
    this.run = refreshing({ types: ['file.*', 'job.*'], read: () => this.read(), pause: () => (this.isMoving ? 3000 : 15_000), signal: this.signal });
    this.signal.addEventListener('abort', watchService(() => this.draw()));
    this.draw();
    this.run();
  }

  get queues() { return service()?.queues ?? []; }

  /** @param {import('../../core/router.js').Context} context */
  show({ query }) {
    this.filter = filterOf(query);
    this.reset();
    this.draw();
    return this.read();
  }

  stop() {
    this.leave.abort();
    render(nothing, this.place);
  }

  get isMoving() { return (this.jobs ?? []).some(({ state }) => ACTIVE.includes(state)) || this.followed; }
  get hasFilter() { return Object.keys(this.filter).length > 0; }

  async read() {
    const turn = this.turn, rows = Math.min(LIVE_ROWS, Math.max(PAGE, this.jobs?.length ?? 0));
    try {
      const [summary, page, matching] = await Promise.all([
        api('jobs/summary/', { signal: this.signal }),
        api('jobs/', { query: { ...this.filter, page_size: rows }, signal: this.signal }),
        this.hasFilter ? countOf(this.filter) : undefined,
      ]);
      if (turn !== this.turn) return;
      this.take(page, rows);
      Object.assign(this, { summary, matching, problem: undefined });
      this.lookAtFollowed();
    } catch (problem) {
      if (this.signal.aborted || turn !== this.turn) return;
      this.problem = problem;
    }
    this.draw();
  }

  /**
   * The first rows anew; those that were loaded behind them stay.
   * @param {{results: Job[], next: string | null}} answer @param {number} rows that were asked for
   */
  take({ results, next }, rows) {
    const behind = this.jobs && this.jobs.length > rows && next ? this.behind(this.jobs, results) : [];
    this.jobs = [...results, ...behind];
    if (!behind.length) this.next = next;
    const there = new Set(this.jobs.map(({ id }) => id));
    this.ticked = new Set([...this.ticked].filter((id) => there.has(id)));
  }

  /**
   * Those of before that come after the last row of the answer: new jobs have pushed some of them out of it. The list is
   * by id, the newest first. Nothing if rows between the answer and them are not known.
   * @param {Job[]} before @param {Job[]} results
   */
  behind(before, results) {
    const last = results[results.length - 1].id;
    return before[0].id >= last && before.length <= MOST_ROWS ? before.filter(({ id }) => id < last) : [];
  }

  async more() {
    const turn = this.turn;
    await this.doing('more', async () => {
      const page = await api('jobs/', { query: { ...this.filter, page_size: PAGE, cursor: this.next }, signal: this.signal });
      if (turn !== this.turn) return;
      this.jobs = [...(this.jobs ?? []), ...page.results];
      this.next = page.next;
    });
  }

  /** Only one thing at a time. @param {string} what @param {() => Promise<unknown>} work */
  async doing(what, work) {
    if (this.busy) return;
    this.busy = what;
    this.draw();
    try {
      await work();
    } catch (problem) {
      if (!this.signal.aborted) toast(problem.detail ?? String(problem), { bad: true });
    }
    this.busy = '';
    this.draw();
  }

  /** @param {(job: Job) => Promise<boolean>} action @param {Job} job */
  one(action, job) {
    return this.doing('one', async () => { if (await action(job)) await this.run?.(); });
  }

  /** @param {'retry' | 'cancel'} action @param {Record<string, unknown>} filter @param {{count: number, more: boolean}} counted @param {boolean} final */
  async many(action, filter, counted, final) {
    if (!(await agrees(action, counted, final))) return;
    await this.doing(action, async () => {
      const done = await changeMany(action, filter);
      this.ticked = new Set();
      await this.read();
      if (action === 'retry' && done) this.followed = { count: done, failedBefore: this.countOf('failed') };
      await this.read();
    });
  }

  /** @param {'retry' | 'cancel'} action */
  async tickedOnes(action) {
    const jobs = possible((this.jobs ?? []).filter(({ id }) => this.ticked.has(id)))[action];
    const again = action === 'retry' && jobs.every(({ state }) => state === 'done') ? { state: 'done' } : {};
    await this.many(action, { ids: jobs.map(({ id }) => id), ...again }, { count: jobs.length, more: false }, jobs.every(({ final }) => final));
  }

  /** @param {'retry' | 'cancel'} action */
  allOfThem(action) { return this.allThatMatch(action, this.filter, this.areFinal()); }

  /** @param {'retry' | 'cancel'} action @param {Record<string, string>} filter @param {boolean} final */
  async allThatMatch(action, filter, final) {
    /** @type {{count: number, more: boolean} | undefined} */
    let counted;
    await this.doing(action, async () => { counted = await countOf(filter); });
    if (counted) await this.many(action, filter, counted, final);
  }

  /** Whether all that match failed because of their files. */
  areFinal() {
    if (this.filter.state !== 'failed') return false;
    const { error, processor } = this.filter;
    const same = (this.summary?.failures ?? []).filter((each) => (!error || each.error === error) && (!processor || each.processor === processor));
    return same.length > 0 && same.every(({ final }) => final);
  }

  /** @param {string} state */
  countOf(state) { return countIn(this.summary, state)?.count ?? 0; }

  lookAtFollowed() {
    if (!this.followed) return;
    const left = ACTIVE.reduce((sum, state) => sum + this.countOf(state), 0);
    if (left) return;
    const again = Math.max(0, this.countOf('failed') - this.followed.failedBefore);
    this.followed = undefined;
    toast(again ? tn('All have ended: {n} failed again', 'All have ended: {n} failed again', again) : t('All have ended, none failed again'), { bad: again > 0 });
  }

  draw() {
    if (!this.signal.aborted) render(page(this), this.place);
  }
}
