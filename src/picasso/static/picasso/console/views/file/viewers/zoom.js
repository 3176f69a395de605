// Zooms and moves one element within its stage: wheel, pinch, drag, double click, keys.

const MAX = 16;
const STEP = 1.25;
const PAN = 60; // pixels for an arrow key
const DOUBLE_TAP = 300; // milliseconds

export class Zoom {
  scale = 1;
  #x = 0;
  #y = 0;
  #pointers = new Map();
  #lastTap = 0;

  /**
   * @param {HTMLElement} stage stays where it is and cuts what is outside
   * @param {HTMLElement} content moves
   * @param {() => void} changed is called after each change
   */
  constructor(stage, content, changed) {
    Object.assign(this, { stage, content, changed });
    stage.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    stage.addEventListener('dblclick', (event) => this.toggle(event));
    stage.addEventListener('keydown', (event) => this.#key(event));
    stage.addEventListener('pointerdown', (event) => this.#down(event));
    stage.addEventListener('pointermove', (event) => this.#move(event));
    for (const end of ['pointerup', 'pointercancel']) stage.addEventListener(end, (event) => this.#up(event));
  }

  get isZoomed() {
    return this.scale > 1;
  }

  /** Change the size by a factor, around a point of the window; without one around the middle. */
  by(factor, { clientX, clientY } = {}) {
    const box = this.stage.getBoundingClientRect();
    const before = this.scale;
    this.scale = Math.min(MAX, Math.max(1, before * factor));
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

  /** Between the whole and a close look. */
  toggle(event) {
    if (this.isZoomed) this.fit();
    else this.by(3, event);
  }

  #place(x, y) {
    const [mostX, mostY] = ['Width', 'Height'].map((side) =>
      Math.max(0, (this.content[`offset${side}`] * this.scale - this.stage[`client${side}`]) / 2));
    this.#x = Math.min(mostX, Math.max(-mostX, x));
    this.#y = Math.min(mostY, Math.max(-mostY, y));
    this.content.style.transform = this.isZoomed ? `translate(${this.#x}px, ${this.#y}px) scale(${this.scale})` : '';
    this.stage.classList.toggle('zoomed', this.isZoomed);
    this.changed();
  }

  /** At the smallest size the wheel scrolls the page down as elsewhere. */
  #wheel(event) {
    if (event.deltaY > 0 && !this.isZoomed && !event.ctrlKey) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.by(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)), event);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.stage) return;
    const moves = { ArrowLeft: [PAN, 0], ArrowRight: [-PAN, 0], ArrowUp: [0, PAN], ArrowDown: [0, -PAN] };
    const keys = { '+': () => this.in(), '=': () => this.in(), '-': () => this.out(), 0: () => this.fit() };
    const move = this.isZoomed && moves[event.key];
    const act = move ? () => this.#place(this.#x + move[0], this.#y + move[1]) : keys[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
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
