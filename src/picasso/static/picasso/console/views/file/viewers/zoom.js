// Zooms and moves one element within its stage: wheel, pinch, drag, double click, keys.

import { pressIn } from '../../../core/keyboard.js';
import { t } from '../../../core/words.js';

const MAX = 16; // times the size that fits
const CLOSEST = 4; // times the actual size
const STEP = 1.25;
const PAN = 60; // pixels for an arrow key
const DOUBLE_TAP = 300; // milliseconds

/** @type {import('../../../core/keyboard.js').Keys<Zoom>[]} */
export const KEYS = [
  { label: () => t('Zoom in'), keys: { Plus: (zoom) => zoom.in(), '=': (zoom) => zoom.in() }, shown: ['Plus'] },
  { label: () => t('Zoom out'), keys: { '-': (zoom) => zoom.out() } },
  { label: () => t('Fit'), keys: { 0: (zoom) => zoom.fit() } },
  { label: () => t('Actual size'), keys: { 1: (zoom) => zoom.actual() } },
  {
    label: () => t('Move the enlarged picture'),
    keys: {
      ArrowLeft: (zoom) => zoom.move(PAN, 0), ArrowRight: (zoom) => zoom.move(-PAN, 0),
      ArrowUp: (zoom) => zoom.move(0, PAN), ArrowDown: (zoom) => zoom.move(0, -PAN),
    },
  },
];

export class Zoom {
  scale = 1;
  #x = 0;
  #y = 0;
  #pointers = new Map();
  #lastTap = 0;

  /**
   * @param {HTMLElement} stage stays where it is and cuts what is outside
   * @param {HTMLElement} content moves
   * @param {() => {width: number, height: number} | undefined} size the actual one, in pixels; undefined while it is unknown
   * @param {() => void} changed is called after each change
   */
  constructor(stage, content, size, changed) {
    Object.assign(this, { stage, content, size, changed });
    this.observer = new ResizeObserver(() => { this.#place(this.#x, this.#y); });
    this.observer.observe(content);
    stage.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    stage.addEventListener('dblclick', (event) => this.toggle(event));
    stage.addEventListener('keydown', (event) => { if (event.target === stage) pressIn(event, KEYS, this); });
    stage.addEventListener('pointerdown', (event) => this.#down(event));
    stage.addEventListener('pointermove', (event) => this.#move(event));
    for (const end of ['pointerup', 'pointercancel']) stage.addEventListener(end, (event) => this.#up(event));
  }

  get isZoomed() {
    return this.scale > 1;
  }

  end() { this.observer.disconnect(); }

  /** How large it is where it fits, as a share of its actual size; undefined while that is unknown. */
  get fitting() {
    const actual = this.size(), { offsetWidth, offsetHeight } = this.content;
    return actual && offsetWidth ? Math.min(offsetWidth / actual.width, offsetHeight / actual.height) : undefined;
  }

  /** How large it is now, as a share of its actual size. */
  get share() { return this.fitting && this.fitting * this.scale; }

  /** Change the size by a factor, around a point of the window; without one around the middle. */
  by(factor, { clientX, clientY } = {}) {
    const box = this.stage.getBoundingClientRect();
    const before = this.scale;
    this.scale = Math.min(Math.max(MAX, CLOSEST / (this.fitting ?? 1)), Math.max(1, before * factor));
    const x = (clientX ?? box.x + box.width / 2) - box.x - box.width / 2;
    const y = (clientY ?? box.y + box.height / 2) - box.y - box.height / 2;
    const ratio = this.scale / before;
    this.#place(x - (x - this.#x) * ratio, y - (y - this.#y) * ratio);
  }

  in() { this.by(STEP); }

  out() { this.by(1 / STEP); }

  fit() {
    this.scale = 1;
    this.#place(0, 0);
  }

  /** One pixel of it for each of the window. A picture that is smaller than its place has this size already. */
  actual() { if (this.share) this.by(1 / this.share); }

  /** Between the whole and a close look. */
  toggle(event) {
    if (this.isZoomed) this.fit();
    else this.by(3, event);
  }

  #place(x, y) {
    const { width, height } = this.#shown();
    const mostX = Math.max(0, (width - this.stage.clientWidth) / 2), mostY = Math.max(0, (height - this.stage.clientHeight) / 2);
    this.#x = Math.min(mostX, Math.max(-mostX, x));
    this.#y = Math.min(mostY, Math.max(-mostY, y));
    this.content.style.transform = this.isZoomed ? `translate(${this.#x}px, ${this.#y}px) scale(${this.scale})` : '';
    this.stage.classList.toggle('zoomed', this.isZoomed);
    this.changed();
  }

  /** The size on the screen, in pixels. The element may be larger than what it shows. */
  #shown() {
    const actual = this.share && this.size();
    if (actual) return { width: actual.width * this.share, height: actual.height * this.share };
    return { width: this.content.offsetWidth * this.scale, height: this.content.offsetHeight * this.scale };
  }

  /** At the smallest size the wheel scrolls the page down as elsewhere. */
  #wheel(event) {
    if (event.deltaY > 0 && !this.isZoomed && !event.ctrlKey) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.by(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)), event);
  }

  /** By so many pixels; false if there is nothing to move. */
  move(x, y) {
    if (this.isZoomed) this.#place(this.#x + x, this.#y + y);
    return this.isZoomed;
  }

  #down(event) {
    if (event.pointerType === 'mouse' && event.button !== 0) return;
    this.#pointers.set(event.pointerId, event);
    if (this.isZoomed || this.#pointers.size > 1) this.stage.setPointerCapture(event.pointerId);
    if (event.pointerType === 'touch' && this.#pointers.size === 1) this.#tap(event);
  }

  #tap(event) {
    const isDouble = event.timeStamp - this.#lastTap < DOUBLE_TAP;
    this.#lastTap = isDouble ? 0 : event.timeStamp;
    if (isDouble) this.toggle(event);
  }

  #move(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const others = [...this.#pointers.values()].filter((each) => each.pointerId !== event.pointerId);
    if (others.length) this.#pinch(before, event, others[0]);
    else if (this.isZoomed) this.#place(this.#x + event.clientX - before.clientX, this.#y + event.clientY - before.clientY);
    this.#pointers.set(event.pointerId, event);
  }

  #pinch(before, now, other) {
    const distance = (each) => Math.hypot(each.clientX - other.clientX, each.clientY - other.clientY) || 1;
    const middle = { clientX: (now.clientX + other.clientX) / 2, clientY: (now.clientY + other.clientY) / 2 };
    this.by(distance(now) / distance(before), middle);
  }

  #up(event) {
    this.#pointers.delete(event.pointerId);
  }
}
