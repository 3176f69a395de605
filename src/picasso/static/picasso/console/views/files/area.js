// The rows of the list on the screen: which ones, how they are arranged, and that they stay in their place.

import { render } from '../../core/html.js';
import { VirtualRows } from '../../core/virtual.js';
import { days, grid } from './arrange.js';
import { rows } from './rows.js';

const LOOK = 100; // milliseconds between two looks at what is to be read while somebody scrolls

/**
 * @typedef {object} Shown
 * @property {object[]} items
 * @property {string} layout
 * @property {{day: string, count: number}[] | null} days
 * @property {number} active
 * @property {URLSearchParams} query
 * @property {(file: object) => boolean} selected
 * @property {(id: string) => number | undefined} placeOf
 */

export class Area {
  #root; #shown; #need; #virtual; #element = null; #range = [0, 0, 0]; #looking = 0; #key = ''; #days = null; #sizes;

  /** @type {import('./arrange.js').Arrangement} */
  arrangement = grid(0, 1, 1);

  /**
   * @param {HTMLElement} root of the view
   * @param {() => Shown} shown
   * @param {(first: number, behind: number) => void} need  called with the places of the files that are to be seen
   */
  constructor(root, shown, need) {
    this.#root = root;
    this.#shown = shown;
    this.#need = need;
  }

  /** Follow the element of the rows, which comes and goes with the states of the view. @param {(element: HTMLElement) => void} begun */
  follow(begun) {
    const element = this.#root.querySelector('.rows');
    if (element === this.#element) return;
    this.stop();
    this.#element = element;
    this.#key = '';
    if (!element) return;
    begun(element);
    this.#virtual = new VirtualRows(element, (...range) => this.#rangeChanged(range), {
      resized: () => this.arrange(),
      covered: () => heightOfSticky(this.#root.querySelector('.files-top')),
    });
    this.arrange();
  }

  stop() {
    this.#virtual?.stop();
    this.#virtual = undefined;
    clearTimeout(this.#looking);
    this.#looking = 0;
  }

  /** Arrange the files anew: there are others, or the window is another one. */
  arrange() {
    if (!this.#virtual) return;
    const { items, layout, days: known } = this.#shown(), { columns, height, heading } = this.#measured(layout);
    const key = `${layout} ${items.length} ${columns} ${height}`;
    if (key === this.#key && known === this.#days) return this.#look();
    this.#key = key;
    this.#days = known;
    this.arrangement = layout === 'days' ? days(items.length, known ?? [], columns, height, heading) : grid(items.length, columns, height);
    this.#virtual.layout = this.arrangement.layout;
    this.#look();
  }

  /** The sizes of the rows; they stay the same while the width does. */
  #measured(layout) {
    const of = `${layout} ${this.#element.clientWidth} ${getComputedStyle(document.documentElement).fontSize}`;
    if (this.#sizes?.of !== of) this.#sizes = { of, ...measured(this.#element, layout) };
    return this.#sizes;
  }

  /** Ask for what is to be seen, a moment later. */
  #look() { this.#looking ||= setTimeout(() => { this.#looking = 0; this.#need(...this.places); }, LOOK); }

  draw() {
    const place = this.#element?.firstElementChild, [first, behind, top] = this.#range;
    if (!place) return;
    place.style.transform = `translateY(${top}px)`;
    render(rows(first, Math.min(behind, this.arrangement.layout.count), { ...this.#shown(), arrangement: this.arrangement }), place);
  }

  #rangeChanged(range) {
    this.#range = range;
    this.draw();
    this.#look();
  }

  /** The places of the files in the rows that are drawn: the first one, and the one behind the last one. */
  get places() {
    const { layout, placesIn } = this.arrangement, last = Math.min(this.#range[1], layout.count) - 1;
    return last < 0 ? [0, 0] : [placesIn(Math.min(this.#range[0], last)).first, placesIn(last).behind];
  }

  isDrawn(place) {
    const [first, behind] = this.places;
    return place >= first && place < behind;
  }

  /** How many rows fit on the screen. */
  get screen() { return this.#virtual?.screen ?? 1; }

  get isAtStart() { return !this.#virtual?.first.row; }

  rewind() { this.#virtual?.rewind(); }

  reveal(place) { this.#virtual?.reveal(this.arrangement.rowOf(place)); }

  /** Do this, and keep what is seen in its place while rows above come or go. @param {() => Promise<unknown>} work */
  async inPlace(work) {
    const at = this.#virtual?.first, { layout, placesIn } = this.arrangement;
    const place = at?.row && layout.count ? placesIn(at.row).first : 0, file = this.#shown().items[place];
    await work();
    const now = file && place ? this.#shown().placeOf(file.id) : undefined;
    if (now === undefined || now === place || !this.#virtual) return;
    this.#virtual.shift(this.arrangement.layout.top(this.arrangement.rowOf(now)) - layout.top(at.row));
  }
}

const heightOfSticky = (element) => element && getComputedStyle(element).position === 'sticky' ? element.offsetHeight : 0;

/** The size of the rows, as the stylesheet says it. */
function measured(element, layout) {
  if (layout === 'table') return { columns: 1, height: probed(element, 'row').height };
  const { height, columns } = probed(element, 'tiles');
  return { height, columns, heading: layout === 'days' ? probed(element, 'day').height : 0 };
}

function probed(element, name) {
  const probe = element.appendChild(Object.assign(document.createElement('div'), { className: name }));
  const { height, gridTemplateColumns } = getComputedStyle(probe);
  const found = { height: parseFloat(height) || 1, columns: gridTemplateColumns.split(' ').length };
  probe.remove();
  return found;
}
