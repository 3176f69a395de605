// The pages of a PDF, one below the other. Those near the window are drawn, those far from it are emptied again.

const NEAR = '100% 0px'; // of the height of the window, above and below
const SHARPEST = 2; // pixels of the screen for one of the page
const MOST_PIXELS = 12e6; // of one canvas
const [LEAST, MOST] = [0.25, 5]; // times the width of the window
const MARGIN = 16; // pixels beside a page

export class Pages {
  current = 1;
  #boxes = [];
  #zoom = 1;
  #drawn = new Map();
  #observer;
  #resize;
  #texts = new Map();

  /** @param {HTMLElement} root scrolls @param {object} pdf of PDF.js @param {() => void} changed */
  constructor(root, pdf, changed) {
    Object.assign(this, { root, pdf, changed });
  }

  get count() {
    return this.pdf.numPages;
  }

  /** All pages get the size of the first until they are drawn. */
  async start() {
    const first = await this.pdf.getPage(1);
    this.size = first.getViewport({ scale: 1 });
    for (let number = 1; number <= this.count; number += 1) this.#boxes.push(this.#box(number));
    this.root.replaceChildren(...this.#boxes);
    this.#observer = new IntersectionObserver((entries) => this.#seen(entries), { root: this.root, rootMargin: NEAR });
    for (const box of this.#boxes) this.#observer.observe(box);
    this.root.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    this.#resize = new ResizeObserver(() => this.#sized());
    this.#resize.observe(this.root);
    this.changed();
  }

  end() {
    this.#observer?.disconnect();
    this.#resize?.disconnect();
    for (const number of [...this.#drawn.keys()]) this.#empty(number);
  }

  zoom(factor) {
    this.#zoom = Math.min(MOST, Math.max(LEAST, this.#zoom * factor));
    this.#sized(true);
  }

  go(number) {
    const wanted = Math.min(this.count, Math.max(1, Math.round(number) || 1));
    this.root.scrollTop = this.#boxes[wanted - 1].offsetTop - this.#boxes[0].offsetTop;
    this.#scrolled();
  }

  /** Scroll to what is in a page; the window around stays where it is. @param {Range} range */
  reveal(range) {
    const found = range.getBoundingClientRect(), box = this.root.getBoundingClientRect();
    this.root.scrollTop += found.top - box.top - box.height / 2;
    if (found.left < box.left || found.right > box.right) this.root.scrollLeft += found.left - box.left - box.width / 3;
  }

  /** The layer of text of a page, once it is there. */
  async layer(number) {
    this.go(number);
    await this.#draw(number);
    return this.#boxes[number - 1].querySelector('.textLayer');
  }

  /** The text content of a page, as PDF.js has it. */
  async text(number) {
    if (!this.#texts.has(number)) this.#texts.set(number, this.pdf.getPage(number).then((page) => page.getTextContent()));
    return this.#texts.get(number);
  }

  get #scale() {
    return Math.max(0.1, (this.root.clientWidth - 2 * MARGIN) / this.size.width) * this.#zoom;
  }

  #box(number) {
    const box = document.createElement('div');
    box.className = 'pdf-page-box';
    box.dataset.number = number;
    this.#shape(box, this.size);
    return box;
  }

  #shape(box, { width, height }) {
    const scale = this.#scale;
    box.style.setProperty('--total-scale-factor', scale);
    box.style.setProperty('width', `${Math.floor(width * scale)}px`);
    box.style.setProperty('height', `${Math.floor(height * scale)}px`);
    Object.assign(box.dataset, { width, height });
  }

  /** After a change of the width or the zoom. */
  #sized(always = false) {
    if (!always && this.#width === this.root.clientWidth) return;
    this.#width = this.root.clientWidth;
    const at = this.current;
    for (const number of [...this.#drawn.keys()]) this.#empty(number);
    for (const box of this.#boxes) this.#shape(box, { width: Number(box.dataset.width), height: Number(box.dataset.height) });
    this.go(at);
    for (const box of this.#boxes) {
      this.#observer.unobserve(box);
      this.#observer.observe(box);
    }
  }

  #width = 0;

  #seen(entries) {
    for (const { target, isIntersecting } of entries) {
      const number = Number(target.dataset.number);
      if (isIntersecting) this.#draw(number).catch(() => target.classList.add('pdf-failed'));
      else this.#empty(number);
    }
  }

  #scrolled() {
    const middle = this.root.scrollTop + this.root.clientHeight / 2;
    const above = this.#boxes.filter((box) => box.offsetTop - this.root.offsetTop <= middle).length;
    if (above === this.current || above === 0) return;
    this.current = above;
    this.changed();
  }

  #draw(number) {
    if (!this.#drawn.has(number)) this.#drawn.set(number, this.#render(number));
    return this.#drawn.get(number);
  }

  async #render(number) {
    const page = await this.pdf.getPage(number), box = this.#boxes[number - 1];
    const viewport = page.getViewport({ scale: this.#scale });
    this.#shape(box, page.getViewport({ scale: 1 }));
    const sharp = Math.min(devicePixelRatio || 1, SHARPEST, Math.sqrt(MOST_PIXELS / (viewport.width * viewport.height)));
    const canvas = Object.assign(document.createElement('canvas'), { width: Math.floor(viewport.width * sharp), height: Math.floor(viewport.height * sharp) });
    canvas.setAttribute('aria-hidden', 'true');
    const layer = Object.assign(document.createElement('div'), { className: 'textLayer' });
    box.replaceChildren(canvas, layer);
    await page.render({ canvas, viewport, transform: [sharp, 0, 0, sharp, 0, 0], annotationMode: 1 }).promise;
    await new this.pdf.library.TextLayer({ textContentSource: await this.text(number), container: layer, viewport }).render();
  }

  #empty(number) {
    if (!this.#drawn.delete(number)) return;
    this.#boxes[number - 1].replaceChildren();
    this.pdf.getPage(number).then((page) => page.cleanup()).catch(() => {});
  }
}
