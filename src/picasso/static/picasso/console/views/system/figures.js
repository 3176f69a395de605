// Figures over time: from an hour to a year, of the project or of the whole service.

import { api } from '../../core/api.js';
import { bytes, duration, number } from '../../core/format.js';
import { html, icon, nothing } from '../../core/html.js';
import { can } from '../../core/session.js';
import { t } from '../../core/words.js';
import { chart } from './chart.js';

/** Name, seconds, and the seconds of a period. @type {[string, number, number, () => string][]} */
const SPANS = [
  ['hour', 3600, 60, () => t('Hour')],
  ['day', 86_400, 300, () => t('Day')],
  ['week', 604_800, 3600, () => t('Week')],
  ['month', 2_592_000, 3600, () => t('Month')],
  ['year', 31_536_000, 86_400, () => t('Year')],
];
const LONGEST_PAUSE = 300_000; // milliseconds

export class Figures {
  /** @param {AbortSignal} signal @param {() => void} draw */
  constructor(signal, draw) {
    Object.assign(this, { signal, draw });
    this.span = kept('span', SPANS.map(([name]) => name), 'hour');
    this.of = can('service:admin') ? kept('of', ['service', 'project'], 'service') : 'project';
    /** @type {any[] | undefined} */
    this.points = undefined;
    /** @type {Date[]} */
    this.times = [];
    this.problem = undefined;
    this.timer = 0;
    this.turn = 0;
    signal.addEventListener('abort', () => clearTimeout(this.timer));
  }

  start() { this.read(); }

  /** @param {Partial<{span: string, of: string}>} change */
  choose(change) {
    Object.assign(this, change, { points: undefined });
    for (const [name, value] of Object.entries(change)) keep(name, value);
    this.draw();
    this.read();
  }

  get step() { return this.chosen[2]; }
  get chosen() { return SPANS.find(([name]) => name === this.span) ?? SPANS[0]; }

  async read() {
    const [, seconds, step] = this.chosen, turn = ++this.turn;
    clearTimeout(this.timer);
    try {
      const from = new Date(Date.now() - seconds * 1000).toISOString();
      const found = await api('system/metrics/', { query: { of: this.of, step, from }, signal: this.signal });
      if (turn !== this.turn) return;
      this.points = found.points;
      this.times = found.points.map((/** @type {any} */ { at }) => new Date(at));
      this.problem = undefined;
    } catch (problem) {
      if (this.signal.aborted || turn !== this.turn) return;
      this.problem = problem;
    }
    this.draw();
    this.timer = setTimeout(() => this.readSeen(), Math.min(LONGEST_PAUSE, step * 250));
  }

  /** Now, or as soon as somebody looks. */
  readSeen() {
    if (document.hidden) document.addEventListener('visibilitychange', () => this.readSeen(), { once: true, signal: this.signal });
    else this.read();
  }
}

/** @param {string} name @param {string[]} allowed @param {string} usual */
function kept(name, allowed, usual) {
  try {
    const found = localStorage.getItem(`picasso-system-${name}`) ?? usual;
    return allowed.includes(found) ? found : usual;
  } catch { return usual; }
}

/** @param {string} name @param {string} value */
function keep(name, value) {
  try { localStorage.setItem(`picasso-system-${name}`, value); } catch { /* the storage is full or forbidden */ }
}

/** @param {Figures} shown */
export function figures(shown) {
  return html`<section aria-labelledby="figures">
    <div class="card-head"><h2 id="figures" tabindex="-1">${t('Figures')}</h2>
      <div class="actions" role="group" aria-label=${t('Time')}>${SPANS.map(([name, , , word]) => html`<button class="chip" type="button" data-span=${name} aria-pressed=${name === shown.span} @click=${() => shown.choose({ span: name })}>${word()}</button>`)}</div>
      ${can('service:admin') ? html`<div class="actions" role="group" aria-label=${t('Of')}>
        <button class="chip" type="button" aria-pressed=${shown.of === 'service'} @click=${() => shown.choose({ of: 'service' })}>${t('All projects')}</button>
        <button class="chip" type="button" aria-pressed=${shown.of === 'project'} @click=${() => shown.choose({ of: 'project' })}>${t('This project')}</button></div>` : nothing}
    </div>
    ${shown.points ? charts(shown) : wait(shown)}
  </section>`;
}

/** @param {Figures} shown */
const wait = (shown) => (shown.problem
  ? html`<p class="notice bad" role="alert">${icon('warning')} ${shown.problem.detail} <button class="link" type="button" @click=${() => shown.read()}>${t('Try again')}</button></p>`
  : html`<div class="charts" role="status"><span class="sr-only">${t('Loading')}</span>${[1, 2, 3].map(() => html`<div class="card chart" aria-hidden="true"><span class="skeleton">&nbsp;</span><span class="skeleton tall">&nbsp;</span></div>`)}</div>`);

/** @param {Figures} shown */
function charts({ points = [], times, step, of }) {
  const column = (/** @type {string} */ name) => cached(points, name);
  const sum = (/** @type {string} */ name) => points.reduce((all, each) => all + (each[name] ?? 0), 0);
  const common = { times, step };
  const waited = sum('jobs') ? points.reduce((all, each) => all + (each.waited ?? 0) * each.jobs, 0) / sum('jobs') : 0;
  return html`<div class="charts">
    ${chart({ ...common, id: 'files', title: t('Files'), format: (value) => number(value), series: [
      { name: t('received'), paint: 'blue', values: column('received'), total: number(sum('received')) },
      { name: t('processed'), paint: 'green', values: column('processed'), total: number(sum('processed')) },
      { name: t('failed'), paint: 'rose', values: column('failed'), total: number(sum('failed')) }] })}
    ${chart({ ...common, id: 'bytes', title: t('Received'), format: bytes, series: [
      { name: t('together'), paint: 'blue', values: column('bytes'), total: bytes(sum('bytes')) }] })}
    ${chart({ ...common, id: 'waits', title: t('Wait of jobs'), format: duration, series: [
      { name: t('on average'), paint: 'blue', values: column('waited'), total: duration(waited) },
      { name: t('longest'), paint: 'ochre', values: column('longest_wait'), total: duration(Math.max(0, ...points.map((each) => each.longest_wait))) }] })}
    ${chart({ ...common, id: 'work', title: t('Time that jobs took'), format: duration, series: [
      { name: t('together'), paint: 'plum', values: column('ran'), total: duration(sum('ran')) }] })}
    ${of === 'service' ? html`
      ${chart({ ...common, id: 'waiting', title: t('Jobs that wait'), format: (value) => number(value), series: [{ name: t('most'), paint: 'ochre', values: column('waiting') }] })}
      ${chart({ ...common, id: 'oldest', title: t('Oldest due job'), format: duration, series: [{ name: t('longest'), paint: 'ochre', values: column('oldest') }] })}
      ${chart({ ...common, id: 'free', title: t('Disk left'), format: bytes, series: [{ name: t('least'), paint: 'rose', values: column('free') }] })}
      ${chart({ ...common, id: 'stored', title: t('Stored'), format: bytes, series: [{ name: t('most'), paint: 'blue', values: column('stored') }] })}` : nothing}
  </div>`;
}

/** @type {WeakMap<any[], Record<string, (number | null)[]>>} */
const columns = new WeakMap();

/** The same array for the same points, so that a chart is drawn once. @param {any[]} points @param {string} name */
function cached(points, name) {
  const known = columns.get(points) ?? {};
  columns.set(points, known);
  known[name] ??= points.map((each) => each[name] ?? null);
  return known[name];
}
