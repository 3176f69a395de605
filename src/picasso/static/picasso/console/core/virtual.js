// Long lists: only the rows that can be seen are in the DOM.

/** Browsers end elements at about 17 million pixels; what lies behind is out of reach. */
export const MAX_HEIGHT = 16_000_000;

/**
 * @typedef {object} Layout
 * @property {number} count  how many rows there are
 * @property {number} height  of all of them, in pixels
 * @property {(row: number) => number} top  where a row begins, in pixels
 * @property {(y: number) => number} at  the row at this height; the nearest one outside of the list
 */

const within = (low, value, high) => Math.max(low, Math.min(value, high));

/** Rows of one height. @returns {Layout} */
export function uniform(count, height) {
  const rows = Math.min(count, Math.floor(MAX_HEIGHT / height));
  return {
    count: rows,
    height: rows * height,
    top: (row) => row * height,
    at: (y) => within(0, Math.floor(y / height), rows - 1),
  };
}

/** The element that scrolls this one; the page itself if no other does. */
function scrollerOf(element) {
  for (let each = element.parentElement; each && each !== document.body; each = each.parentElement)
    if (/auto|scroll/.test(getComputedStyle(each).overflowY)) return each;
  return document.scrollingElement;
}

/**
 * Tells which rows of a list are to be shown. The element gets the height of the whole list; whoever shows the rows
 * puts them into it, from `top` on.
 */
export class VirtualRows {
  #element; #show; #covered; #scroller; #target; #observer;
  #layout = uniform(0, 1);
  #shown = [-1, -1];
  #frame = 0;
  #width = -1;
  #over = new AbortController();

  /**
   * @param {HTMLElement} element
   * @param {(first: number, behind: number, top: number) => void} show  called when other rows are to be shown
   * @param {{resized?: (width: number) => void, covered?: () => number}} [options]  `covered`: how many pixels at the
   *   upper edge of the scrolled area lie below something else
   */
  constructor(element, show, { resized, covered = () => 0 } = {}) {
    this.#element = element;
    this.#show = show;
    this.#covered = covered;
    this.#scroller = scrollerOf(element);
    this.#target = this.#scroller === document.scrollingElement ? document : this.#scroller;
    const options = { passive: true, signal: this.#over.signal };
    this.#target.addEventListener('scroll', () => this.refresh(), options);
    window.addEventListener('resize', () => this.refresh(), options);
    this.#observer = new ResizeObserver(() => this.#resize(resized));
    this.#observer.observe(element);
  }

  get layout() { return this.#layout; }

  /** Show this list. Its rows are shown at once. @param {Layout} layout */
  set layout(layout) {
    this.#layout = layout;
    this.#element.style.height = `${layout.height}px`;
    this.#shown = [-1, -1];
    this.update();
  }

  #resize(resized) {
    const width = this.#element.clientWidth;
    if (width !== this.#width) resized?.(width);
    this.#width = width;
    this.refresh();
  }

  /** Look what can be seen now, in the next frame. */
  refresh() { this.#frame ||= requestAnimationFrame(() => { this.#frame = 0; this.update(); }); }

  /** Look what can be seen now. */
  update() {
    const { count, at, top } = this.#layout, [above, below] = this.#edges(), margin = below - above;
    // Half a screen more at both ends, so that the next rows are there before they can be seen.
    const first = count ? at(above - margin / 2) : 0, behind = count ? at(below + margin / 2) + 1 : 0;
    if (first === this.#shown[0] && behind === this.#shown[1]) return;
    this.#shown = [first, behind];
    this.#show(first, behind, count ? top(first) : 0);
  }

  /** The first row that can be seen, and how many pixels of it can't. */
  get first() {
    const [above] = this.#edges(), row = this.#layout.at(above);
    return { row, hidden: above - this.#layout.top(row) };
  }

  /** How many rows fit on the screen, at least one. */
  get screen() {
    const [above, below] = this.#edges();
    return Math.max(1, this.#layout.at(below) - this.#layout.at(above) - 1);
  }

  /** Scroll as little as is needed to see the whole row. */
  reveal(row) {
    const { top, count, height } = this.#layout, [above, below] = this.#edges();
    const start = top(row), end = row + 1 < count ? top(row + 1) : height;
    if (start < above) this.#scroller.scrollTop += start - above;
    else if (end > below) this.#scroller.scrollTop += end - below;
    this.update();
  }

  /** Scroll by so many pixels, without the eye noticing: something above has changed its height. */
  shift(pixels) {
    if (pixels) this.#scroller.scrollTop += pixels;
    this.update();
  }

  /** Scroll the beginning of the list into view, if it is above. */
  rewind() {
    const [above] = this.#edges();
    if (above > 0) this.#scroller.scrollTop -= above;
    this.update();
  }

  stop() {
    this.#over.abort();
    this.#observer.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  /** The upper and the lower edge of what can be seen, in pixels from the beginning of the list. */
  #edges() {
    const start = this.#element.getBoundingClientRect().top;
    const box = this.#target === document ? { top: 0, bottom: innerHeight } : this.#scroller.getBoundingClientRect();
    return [Math.max(0, box.top + this.#covered() - start), Math.max(0, Math.min(box.bottom, innerHeight) - start)];
  }
}
