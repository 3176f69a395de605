// The first rows of a table, with the types of its columns; a click on a head sorts.

import { html, render } from '../../../core/html.js';
import { number, visible } from '../../../core/format.js';
import { t, tn } from '../../../core/words.js';
import { announce } from '../../../core/toasts.js';
import { derivative } from '../addresses.js';
import { json } from './bytes.js';
import { load } from './parts.js';

const STEP = 200; // rows that are shown at once
const NUMERIC = /int|float|double|decimal|number/i;

export function mount(host, file, tools) {
  return new Table(host, file, tools);
}

class Table {
  #data = null;
  #sort = null;
  #shown = STEP;

  constructor(host, file, { signal }) {
    Object.assign(this, { host, file });
    load(host, signal, () => json(derivative(file, 'preview'), signal), (data) => this.#show(data));
  }

  update(file) {
    this.file = file;
  }

  unmount() {}

  #show(data) {
    this.#data = data;
    this.#draw();
  }

  #draw() {
    render(this.#template(), this.host);
  }

  #template() {
    const { columns, rows } = this.#data, sorted = this.#sorted();
    return html`
      <div class="table-scroll" tabindex="0" role="region" aria-label=${t('The first rows')} data-keys="own">
        <table class="table data-table">
          <thead><tr><th scope="col" class="row-number"><span class="sr-only">${t('Row')}</span></th>${columns.map((name, column) => this.#head(name, column))}</tr></thead>
          <tbody>${sorted.slice(0, this.#shown).map((row) => html`
            <tr><th scope="row" class="row-number">${number(row + 1)}</th>${rows[row].map((cell, column) => this.#cell(cell, column))}</tr>`)}</tbody>
        </table>
      </div>
      ${this.#foot()}`;
  }

  #kind(column) {
    return this.file.facts.table?.columns?.[column]?.type;
  }

  #head(name, column) {
    const is = this.#sort?.column === column, kind = this.#kind(column);
    return html`
      <th scope="col" class=${NUMERIC.test(kind) ? 'numeric' : ''} aria-sort=${is ? (this.#sort.down ? 'descending' : 'ascending') : 'none'}>
        <button type="button" class="sort" @click=${() => this.#order(name, column)}>
          <bdi>${visible(name) || t('Column {n}', { n: column + 1 })}</bdi><span class="sort-mark" aria-hidden="true">${is ? (this.#sort.down ? '↓' : '↑') : ''}</span>
        </button>
        ${kind ? html`<small class="kind">${visible(kind)}</small>` : ''}
      </th>`;
  }

  #cell(cell, column) {
    if (cell === null || cell === '') return html`<td class="nothing"><span class="sr-only">${t('empty')}</span></td>`;
    const text = typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
    return html`<td class=${NUMERIC.test(this.#kind(column)) ? 'numeric' : ''}><bdi>${visible(text)}</bdi></td>`;
  }

  #foot() {
    const count = this.#data.rows.length;
    return html`
      <p class="viewer-foot">
        <span>${this.#limit ? html`<strong>${this.#limit}</strong>` : this.#extent}</span>
        ${count > this.#shown ? html`<button class="button" type="button" @click=${() => this.#more()}>${t('Show more')}</button>` : ''}
      </p>`;
  }

  /** Numbers for a sentence; undefined if all rows are here. */
  get #part() {
    const { length } = this.#data.rows, all = this.file.facts.table?.rows ?? length;
    return all > length ? { n: number(length), all: number(all) } : undefined;
  }

  get #extent() {
    return this.#part ? t('The first {n} of {all} rows', this.#part) : tn('{n} row', '{n} rows', this.#data.rows.length);
  }

  /** A sort knows no other rows than these. */
  get #limit() {
    return this.#sort && this.#part ? t('Only the first {n} of {all} rows are sorted', this.#part) : '';
  }

  #more() {
    this.#shown += STEP;
    this.#draw();
  }

  /** Up, down, and as in the file. */
  #order(name, column) {
    const is = this.#sort?.column === column;
    this.#sort = is && this.#sort.down ? null : { column, down: is };
    announce(this.#sort ? [t('Sorted by {name}', { name: visible(name) }), this.#limit].filter(Boolean).join('. ') : t('In the order of the file'));
    this.#draw();
  }

  /** The numbers of the rows in their order. */
  #sorted() {
    const { rows } = this.#data, order = rows.map((_, row) => row);
    if (!this.#sort) return order;
    const { column, down } = this.#sort;
    return order.sort((a, b) => compare(rows[a][column], rows[b][column], down) || a - b);
  }
}

const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });

/** Empty cells come last in both directions. */
function compare(a, b, down) {
  const [emptyA, emptyB] = [a, b].map((cell) => cell === null || cell === '');
  if (emptyA || emptyB) return emptyA - emptyB;
  const numbers = typeof a === 'number' && typeof b === 'number';
  const order = numbers ? a - b : collator.compare(String(a), String(b));
  return down ? -order : order;
}
