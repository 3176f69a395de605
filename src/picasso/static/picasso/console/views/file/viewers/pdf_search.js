// Search in the pages of a PDF. A place is marked by a highlight of CSS, which changes nothing in the page.

const NAME = 'pdf-found';
const MOST = 1_000; // places

export class Search {
  text = '';
  index = -1;
  busy = false;
  #places = [];

  /** @param {object} pdf of PDF.js @param {import('./pdf_pages.js').Pages} pages @param {() => void} changed */
  constructor(pdf, pages, changed) {
    Object.assign(this, { pdf, pages, changed });
  }

  get count() {
    return this.#places.length;
  }

  /** Whether this is what was looked for last. @param {string} text */
  isOf(text) {
    return flat(text).trim() === this.text;
  }

  /** Look through all pages; the first place is shown as soon as it is known. */
  async find(text) {
    const wanted = flat(text).trim();
    Object.assign(this, { text: wanted, index: -1, busy: Boolean(wanted) });
    this.#places = [];
    CSS.highlights?.delete(NAME);
    this.changed();
    for (let page = 1; wanted && page <= this.pdf.numPages && this.count < MOST; page += 1) {
      this.#collect(page, flat(textOf(await this.pages.text(page))), wanted);
      if (this.text !== wanted) return;
      if (this.index < 0 && this.count) await this.step(1);
    }
    this.busy = false;
    this.changed();
  }

  /** Show the next place, or the one before. */
  async step(by) {
    this.index = (this.index + by + this.count) % this.count;
    this.changed();
    const { page, start } = this.#places[this.index];
    const found = mark(await this.pages.layer(page), start, start + this.text.length);
    if (found) this.pages.reveal(found);
  }

  #collect(page, text, wanted) {
    for (let start = text.indexOf(wanted); start >= 0 && this.count < MOST; start = text.indexOf(wanted, start + wanted.length)) this.#places.push({ page, start });
  }
}

/** Of the same length, so that a place in one is a place in the other; letters whose small form is longer stay. */
const flat = (text) => [...String(text)].map((letter) => {
  const small = letter.toLowerCase();
  return /\s/.test(letter) ? ' ' : small.length === letter.length ? small : letter;
}).join('');

/** The text of a page, as `nodesOf` walks through its layer. */
const textOf = ({ items }) => items.filter((item) => item.str !== undefined).map((item) => item.str + (item.hasEOL ? '\n' : '')).join('');

/** @returns {Range | null} what is marked */
function mark(layer, start, end) {
  const range = document.createRange();
  let at = 0;
  for (const { node, length } of nodesOf(layer)) {
    if (node && at <= start && start < at + length) range.setStart(node, start - at);
    if (node && at < end && end <= at + length) range.setEnd(node, end - at);
    at += length;
  }
  if (range.collapsed) return null;
  CSS.highlights?.set(NAME, new Highlight(range));
  return range;
}

/** The texts of a layer in their order; an end of a line counts as one letter. */
function* nodesOf(layer) {
  const walker = document.createTreeWalker(layer, NodeFilter.SHOW_ALL);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) yield { node, length: node.data.length };
    else if (node.nodeName === 'BR') yield { node: null, length: 1 };
  }
}
