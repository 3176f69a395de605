// The rows of the list, as a table and as tiles.

import { html, icon, nothing, repeat } from '../../core/html.js';
import { bytes, date, exactDate, nameOf, number, visible } from '../../core/format.js';
import { kindText } from '../../core/kinds.js';
import { t } from '../../core/words.js';
import { addressOfFile, badge, longDay, nameCut, picture } from './kinds.js';

const idOf = (place) => `file-${place}`;
const tick = html`<span class="tick" aria-hidden="true">${icon('check')}</span>`;

/** The heading of the table. `order` and `sort` belong to the sorted columns. */
export function tableHead(order, sort) {
  const column = (name, label, first) => {
    const now = order.replace('-', '') === name;
    const next = !now ? first : order.startsWith('-') ? name : `-${name}`;
    return html`<span role="columnheader" class=${`column-${name}`} aria-sort=${!now ? nothing : order.startsWith('-') ? 'descending' : 'ascending'}>
      <button type="button" class="sort" @click=${() => sort(next)}>${label}${now ? html`<span class="direction" aria-hidden="true">${order.startsWith('-') ? '↓' : '↑'}</span>` : nothing}</button></span>`;
  };
  return html`<div class="head" role="rowgroup"><div class="row" role="row" aria-rowindex="1">
    <span role="columnheader" class="column-tick"><span class="sr-only">${t('Selected')}</span></span>
    ${column('name', t('Name'), 'name')}
    <span role="columnheader" class="column-kind">${t('Kind')}</span>
    ${column('size', t('Size'), '-size')}
    ${column('uploaded_at', t('Uploaded'), '-uploaded_at')}
    <span role="columnheader" class="column-tags">${t('Tags')}</span>
  </div></div>`;
}

/** One file of the table. A file that is not known yet is a row of its own height. */
function tableRow(file, place, { selected, active, query }) {
  if (!file) return html`<div class="row unknown" role="row" aria-rowindex=${place + 2} data-place=${place}><span role="gridcell" class="skeleton"></span></div>`;
  return html`<div class="row" role="row" id=${idOf(place)} aria-rowindex=${place + 2} aria-selected=${selected(file)}
    data-place=${place} data-id=${file.id} data-state=${file.state} ?data-active=${place === active}>
    <span role="gridcell" class="column-tick">${tick}</span>
    <span role="gridcell" class="column-name">${picture(file)}<a class="name" href=${addressOfFile(file, query)} tabindex="-1">${nameCut(nameOf(file))}</a>${badge(file)}</span>
    <span role="gridcell" class="column-kind" title=${visible(file.media_type)}>${kindText(file.media_type)}</span>
    <span role="gridcell" class="column-size">${bytes(file.size)}</span>
    <span role="gridcell" class="column-uploaded_at"><time datetime=${file.uploaded_at} title=${exactDate(file.uploaded_at)}>${date(file.uploaded_at)}</time></span>
    ${tags(file)}
  </div>`;
}

const MOST_TAGS = 2; // of a row; templates/picasso/row.html has as many

function tags(file) {
  const all = (file.tags ?? []).map((tag) => visible(tag)), more = all.length - MOST_TAGS;
  return html`<span role="gridcell" class="column-tags" title=${all.length ? all.join(', ') : nothing}>${all.slice(0, MOST_TAGS).map((tag) => html`<bdi class="tag">${tag}</bdi>`)}${more > 0
    ? html`<span class="tag more-tags">+${number(more)}</span>` : nothing}</span>`;
}

function tile(file, place, { selected, active, query }) {
  if (!file) return html`<div class="tile unknown" role="gridcell" data-place=${place}><span class="thumb skeleton"></span></div>`;
  const about = `${kindText(file.media_type)}, ${bytes(file.size)}`;
  return html`<div class="tile" role="gridcell" id=${idOf(place)} aria-selected=${selected(file)}
    data-place=${place} data-id=${file.id} data-state=${file.state} ?data-active=${place === active}>
    <a href=${addressOfFile(file, query)} tabindex="-1" draggable="false">${picture(file)}<span class="name">${nameCut(nameOf(file))}</span></a>
    <span class="about">${about}</span>${badge(file)}${tick}
  </div>`;
}

function tileRow(row, places, items, state) {
  if (places.day) return html`<div class="day" role="row" aria-rowindex=${row + 1}><span role="gridcell"><h2>${longDay(places.day)}</h2></span></div>`;
  const numbers = Array.from({ length: places.behind - places.first }, (_, n) => places.first + n);
  return html`<div class="tiles" role="row" aria-rowindex=${row + 1}>${numbers.map((place) => tile(items[place], place, state))}</div>`;
}

/**
 * The rows from `first` to `behind`.
 * @param {{items: object[], arrangement: import('./arrange.js').Arrangement, layout: string, active: number,
 *   selected: (file: object) => boolean, query: URLSearchParams}} state
 */
export function rows(first, behind, state) {
  const { items, arrangement, layout } = state;
  const numbers = Array.from({ length: Math.max(0, behind - first) }, (_, n) => first + n);
  if (layout === 'table')
    return repeat(numbers, (place) => items[place]?.id ?? place, (place) => tableRow(items[place], place, state));
  return repeat(numbers, keyOf(state), (row) => tileRow(row, arrangement.placesIn(row), items, state));
}

/** Rows keep their elements while the list moves below them. */
const keyOf = ({ items, arrangement }) => (row) => {
  const { first, day } = arrangement.placesIn(row);
  return day ? `day ${day}` : items[first]?.id ?? row;
};
