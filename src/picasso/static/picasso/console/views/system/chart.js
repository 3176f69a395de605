// A small chart of lines over time: a picture in SVG that stretches, words around it, and its numbers as a table.

import { guard, html, svg } from '../../core/html.js';
import { language, t } from '../../core/words.js';

const WIDTH = 600, HEIGHT = 120;

/**
 * @typedef {object} Series
 * @property {string} name
 * @property {string} paint blue, green, rose, ochre or plum
 * @property {(number | null)[]} values null: nobody looked
 * @property {string} [total] what all of it makes, in words
 */

/**
 * @param {object} options
 * @param {string} options.id
 * @param {string} options.title
 * @param {Date[]} options.times of the values
 * @param {number} options.step seconds
 * @param {Series[]} options.series
 * @param {(value: number) => string} options.format
 * @param {boolean} [options.fromZero] whether the axis begins at 0; else at what is least
 */
export function chart(options) {
  return guard([options.times, ...options.series.map(({ values }) => values)], () => drawn(options));
}

/** @param {Parameters<typeof chart>[0]} options */
function drawn({ id, title, times, step, series, format, fromZero = true }) {
  const known = series.flatMap(({ values }) => values).filter((value) => value !== null);
  const top = Math.max(...known, fromZero ? 0 : -Infinity, 0) || 1;
  const label = `${title}: ${series.map(({ name, total, values }) => `${name} ${total ?? format(lastOf(values) ?? 0)}`).join(', ')}`;
  return html`<figure class="chart card" data-chart=${id} aria-labelledby=${`chart-${id}`}>
    <figcaption><h3 id=${`chart-${id}`}>${title}</h3>
      <ul class="legend">${series.map(({ name, paint, total, values }) => html`<li><span class=${`key ${paint}`} aria-hidden="true"></span>${name} <strong class="number">${total ?? (known.length ? format(lastOf(values) ?? 0) : '–')}</strong></li>`)}</ul>
    </figcaption>
    ${known.length ? picture(label, times, series, top, format, step) : html`<p class="soft no-figures">${t('There are no figures of this time.')}</p>`}
    <div class="axis" aria-hidden="true"><span>${moment(times[0], step)}</span><span>${moment(times[Math.floor(times.length / 2)], step)}</span><span>${moment(times.at(-1), step)}</span></div>
    <details class="figures-table"><summary class="small">${t('As a table')}</summary>${table(title, times, step, series, format)}</details>
  </figure>`;
}

/** @param {(number | null)[]} values */
const lastOf = (values) => values.findLast((value) => value !== null);

/** @param {string} label @param {Date[]} times @param {Series[]} series @param {number} top @param {(value: number) => string} format @param {number} step */
function picture(label, times, series, top, format, step) {
  const x = (/** @type {number} */ n) => (times.length > 1 ? (n / (times.length - 1)) * WIDTH : 0);
  const y = (/** @type {number} */ value) => HEIGHT - (value / top) * (HEIGHT - 4) - 1;
  return html`<div class="plot" @pointermove=${(/** @type {PointerEvent} */ event) => point(event, times, series, format, step)} @pointerleave=${unpoint}>
    <span class="top small soft" aria-hidden="true">${format(top)}</span>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${label}>
      ${[0, 0.5, 1].map((share) => svg`<line class="grid" x1="0" x2=${WIDTH} y1=${y(top * share)} y2=${y(top * share)}></line>`)}
      ${series.map(({ paint, values }) => svg`<path class=${`line ${paint}`} d=${line(values, x, y)}></path><path class=${`line lone ${paint}`} d=${lone(values, x, y)}></path>`)}
      <line class="cursor" x1="-10" x2="-10" y1="0" y2=${HEIGHT}></line>
    </svg>
    <p class="readout small" aria-hidden="true"></p>
  </div>`;
}

/** The path of a line that is broken where a value is unknown. @param {(number | null)[]} values @param {(n: number) => number} x @param {(value: number) => number} y */
export function line(values, x, y) {
  return values.map((value, n) => (value === null ? '' : `${n === 0 || values[n - 1] === null ? 'M' : 'L'}${x(n).toFixed(1)} ${y(value).toFixed(1)}`)).join('');
}

/** The path of the points that have no neighbour, so that no line leads to them: each is a line of no length, which its round ends make a dot. @param {(number | null)[]} values @param {(n: number) => number} x @param {(value: number) => number} y */
export function lone(values, x, y) {
  const known = (/** @type {number} */ n) => values[n] !== null && values[n] !== undefined;
  return values.map((value, n) => (value === null || known(n - 1) || known(n + 1) ? '' : `M${x(n).toFixed(1)} ${y(value).toFixed(1)}h0.01`)).join('');
}

/** Say the values under the pointer. @param {PointerEvent} event @param {Date[]} times @param {Series[]} series @param {(value: number) => string} format @param {number} step */
function point(event, times, series, format, step) {
  const plot = /** @type {HTMLElement} */ (event.currentTarget), { left, width } = plot.getBoundingClientRect();
  const n = Math.min(times.length - 1, Math.max(0, Math.round(((event.clientX - left) / width) * (times.length - 1))));
  const values = series.map(({ name, values: all }) => `${name} ${all[n] === null ? '–' : format(/** @type {number} */ (all[n]))}`);
  const readout = plot.querySelector('.readout'), cursor = plot.querySelector('.cursor');
  if (readout) readout.textContent = `${moment(times[n], step)} · ${values.join(' · ')}`;
  for (const side of ['x1', 'x2']) cursor?.setAttribute(side, String((n / Math.max(1, times.length - 1)) * WIDTH));
}

/** @param {PointerEvent} event */
function unpoint({ currentTarget }) {
  const plot = /** @type {HTMLElement} */ (currentTarget), readout = plot.querySelector('.readout');
  if (readout) readout.textContent = '';
  for (const side of ['x1', 'x2']) plot.querySelector('.cursor')?.setAttribute(side, '-10');
}

/** Only the periods in which there was something. @param {string} title @param {Date[]} times @param {number} step @param {Series[]} series @param {(value: number) => string} format */
function table(title, times, step, series, format) {
  const rows = times.map((at, n) => ({ at, n })).filter(({ n }) => series.some(({ values }) => values[n])).reverse().slice(0, 60);
  return html`<div class="table-wrap" tabindex="0" role="group" aria-label=${title}><table class="table">
    <caption class="sr-only">${title}</caption>
    <thead><tr><th scope="col">${t('Time')}</th>${series.map(({ name }) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
    <tbody>${rows.map(({ at, n }) => html`<tr><td>${moment(at, step)}</td>${series.map(({ values }) => html`<td class="number">${values[n] === null ? '–' : format(/** @type {number} */ (values[n]))}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}

const DAY = 86_400;
const hours = new Intl.DateTimeFormat(language, { timeStyle: 'short' });
const days = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short' });
const both = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

/** A time as finely as the step needs. @param {Date | undefined} at @param {number} step */
export const moment = (at, step) => (at ? (step >= DAY ? days : step >= 3600 ? both : hours).format(at) : '');
