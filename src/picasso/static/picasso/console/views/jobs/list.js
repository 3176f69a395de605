// The list of jobs with tabs by state, filters, reasons of failures, and actions on many.

import { api } from '../../core/api.js';
import { number } from '../../core/format.js';
import { html, icon, nothing, render } from '../../core/html.js';
import { can, path } from '../../core/session.js';
import { toast } from '../../core/toasts.js';
import { t, tn } from '../../core/words.js';
import { agrees, cancelOne, changeMany, countOf, retryOne } from './actions.js';
import { reasons } from './reasons.js';
import { refreshing } from './refresh.js';
import { table } from './rows.js';
import { empty, failure, loading } from './states.js';
import { ACTIVE, countWord, reasonWord, STATES, stateWord } from './words.js';

/** @typedef {import('./words.js').Job} Job */

const FILTERS = ['state', 'processor', 'queue', 'pipeline', 'error', 'file'];
const PAGE = 50;
/** So many rows are read again when something has happened. */
const LIVE_ROWS = 100;

/** @param {HTMLElement} place @param {import('../../core/router.js').Context} context */
export function mountList(place, context) {
  const list = new List(place, context);
  list.start();
  return { update: (/** @type {any} */ next) => list.show(next), unmount: () => list.stop() };
}

class List {
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
    this.draw();
    this.run();
  }

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

  /** The first rows anew; what was loaded behind them stays. @param {{results: Job[], next: string | null}} page @param {number} rows */
  take({ results, next }, rows) {
    const behind = (this.jobs ?? []).slice(rows);
    if (behind.length) {
      const known = new Set(results.map(({ id }) => id));
      this.jobs = [...results, ...behind.filter(({ id }) => !known.has(id))];
    } else {
      this.jobs = results;
      this.next = next;
    }
    const there = new Set(this.jobs.map(({ id }) => id));
    this.ticked = new Set([...this.ticked].filter((id) => there.has(id)));
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
  countOf(state) { return this.summary?.states.find((each) => each.state === state)?.count ?? 0; }

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

/** @param {URLSearchParams} query @returns {Record<string, string>} */
const filterOf = (query) => Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? '']).filter(([, value]) => value));

/** @param {List} list */
function page(list) {
  return html`
    <header class="view-head"><h1>${t('Jobs')}</h1></header>
    ${tabs(list)} ${chips(list)} ${following(list)}
    ${!list.filter.state && !list.filter.file && list.summary ? reasons(list.summary.failures, retryReason(list)) : nothing}
    ${body(list)}`;
}

/** @param {List} list */
const retryReason = (list) => (/** @type {import('./reasons.js').Reason} */ reason) => list.allThatMatch(
  'retry', { state: 'failed', error: reason.error, processor: reason.processor }, reason.final,
);

/** @param {List} list */
function tabs(list) {
  const { state, ...others } = list.filter;
  const link = (/** @type {string} */ value) => path(`jobs/?${new URLSearchParams({ ...others, ...(value && { state: value }) })}`.replace(/\?$/, ''));
  const one = (/** @type {string} */ value, /** @type {string} */ label) => {
    const counted = list.summary?.states.find((each) => each.state === value);
    return html`<a href=${link(value)} data-tab=${value || 'all'} aria-current=${(state ?? '') === value ? 'page' : nothing}>${label}
      ${counted ? html`<span class=${`badge ${value === 'failed' && counted.count ? 'bad' : ''}`}>${countWord(counted, number)}</span>` : nothing}</a>`;
  };
  return html`<nav class="tabs" aria-label=${t('States')}>${one('', t('All'))}${STATES.map((each) => one(each, stateWord(each)))}</nav>`;
}

/** @param {List} list */
function chips(list) {
  const names = FILTERS.filter((name) => name !== 'state' && list.filter[name]);
  if (!names.length) return nothing;
  return html`<p class="toolbar" aria-label=${t('Filters')} role="group">${names.map((name) => {
    const { [name]: value, ...rest } = list.filter;
    const label = chipLabel(name, value);
    return html`<a class="chip chosen" href=${path(`jobs/?${new URLSearchParams(rest)}`)} aria-label=${t('Remove the filter {label}', { label })}><bdi>${label}</bdi> ${icon('close')}</a>`;
  })}</p>`;
}

/** @param {string} name @param {string} value */
function chipLabel(name, value) {
  if (name === 'error') return reasonWord(value);
  if (name === 'file') return t('Of one file');
  return { processor: t('Processor: {value}', { value }), queue: t('Queue: {value}', { value }), pipeline: t('Pipeline: {value}', { value }) }[name] ?? value;
}

/** @param {List} list */
function following({ followed, summary }) {
  if (!followed) return nothing;
  const counts = ACTIVE.map((state) => `${stateWord(state)}: ${number(summary?.states.find((each) => each.state === state)?.count ?? 0)}`).join(' · ');
  return html`<p class="notice" role="status">${tn('{n} job runs again.', '{n} jobs run again.', followed.count)} <span class="number">${counts}</span></p>`;
}

/** @param {List} list */
function body(list) {
  const { jobs, problem } = list;
  if (!jobs) return problem ? failure(problem, () => list.run?.()) : loading();
  const lost = problem ? html`<p class="notice waiting" role="status">${t('This is the last known state: the server can’t be reached.')}</p>` : nothing;
  if (!jobs.length) return html`${lost}${nothingHere(list)}`;
  return html`${lost}${bar(list)}${table(jobs, list.ticked, {
    tick: (id, ticked) => { list.ticked[ticked ? 'add' : 'delete'](id); list.draw(); },
    tickAll: (ticked) => { list.ticked = new Set(ticked ? jobs.map(({ id }) => id) : []); list.draw(); },
    retry: (job) => list.one(retryOne, job),
    cancel: (job) => list.one(cancelOne, job),
  })}
  ${list.next ? html`<p class="actions more"><button class="button" type="button" aria-busy=${list.busy === 'more' ? 'true' : nothing} @click=${() => list.more()}>${t('Show more')}</button></p>` : nothing}`;
}

/** @param {List} list */
function nothingHere({ filter }) {
  if (filter.state === 'failed') return empty(t('Nothing has failed'));
  if (Object.keys(filter).length) return empty(t('No job matches'), '', html`<p class="actions"><a class="button" href=${path('jobs/')}>${t('Show all jobs')}</a></p>`);
  return empty(t('There are no jobs yet'), t('Each upload gets some: thumbnails, text, facts.'), html`<p class="actions"><a class="button primary" href=${path('')}>${t('Upload a file')}</a></p>`);
}

/** What can be done with the ticked jobs, or with all that match. @param {List} list */
function bar(list) {
  if (!can('jobs:write')) return nothing;
  const chosen = (list.jobs ?? []).filter(({ id }) => list.ticked.has(id));
  if (chosen.length) return tickedBar(list, chosen);
  const { matching, filter } = list;
  if (!matching?.count) return nothing;
  const n = countWord(matching, number), active = ACTIVE.includes(filter.state ?? '');
  return html`<div class="toolbar" role="group" aria-label=${t('All that match')}>
    ${active ? nothing : html`<button class="button" type="button" data-action="retry-all" aria-busy=${list.busy ? 'true' : nothing} @click=${() => list.allOfThem('retry')}>${icon('retry')}${retryLabel(filter.state, n)}</button>`}
    ${!filter.state || active ? html`<button class="button danger" type="button" data-action="cancel-all" aria-busy=${list.busy ? 'true' : nothing} @click=${() => list.allOfThem('cancel')}>${icon('close')}${active ? t('Cancel all {n}', { n }) : t('Cancel those that have not ended')}</button>` : nothing}
    <span class="soft small">${t('Or tick some.')}</span>
  </div>`;
}

/** @param {string | undefined} state @param {string} n */
function retryLabel(state, n) {
  if (!state) return t('Retry those that failed');
  return state === 'done' ? t('Run all {n} again', { n }) : t('Retry all {n}', { n });
}

/** Which of these jobs can be retried and which cancelled. Finished ones are only run again if no others are ticked. @param {Job[]} jobs */
function possible(jobs) {
  const done = jobs.every(({ state }) => state === 'done');
  return {
    retry: done ? jobs : jobs.filter(({ state }) => ['failed', 'cancelled'].includes(state)),
    cancel: jobs.filter(({ state }) => ACTIVE.includes(state)),
  };
}

/** @param {List} list @param {Job[]} chosen */
function tickedBar(list, chosen) {
  const ended = possible(chosen).retry.length, active = possible(chosen).cancel.length;
  return html`<div class="toolbar" role="group" aria-label=${t('Ticked jobs')}>
    <strong>${tn('{n} ticked', '{n} ticked', chosen.length)}</strong>
    ${ended ? html`<button class="button" type="button" data-action="retry-ticked" aria-busy=${list.busy ? 'true' : nothing} @click=${() => list.tickedOnes('retry')}>${icon('retry')}${t('Retry {n}', { n: number(ended) })}</button>` : nothing}
    ${active ? html`<button class="button danger" type="button" data-action="cancel-ticked" aria-busy=${list.busy ? 'true' : nothing} @click=${() => list.tickedOnes('cancel')}>${icon('close')}${tn('Cancel {n} job', 'Cancel {n} jobs', active)}</button>` : nothing}
    <button class="button quiet" type="button" @click=${() => { list.ticked = new Set(); list.draw(); }}>${t('Untick all')}</button>
  </div>`;
}
