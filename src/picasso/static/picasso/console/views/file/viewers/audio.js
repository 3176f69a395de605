// A recording with its waveform, which is also the place to click on.

import { html, render } from '../../../core/html.js';
import { clock, visible } from '../../../core/format.js';
import { describe, pressIn } from '../../../core/keyboard.js';
import { t } from '../../../core/words.js';
import { derivative, web } from '../addresses.js';
import { json } from './bytes.js';
import { Player, sources } from './media.js';
import { cantPlay, instead } from './parts.js';

const STEP = 5; // seconds for an arrow key
const COLUMNS = 600; // of the waveform
const HEIGHT = 128;
const QUIET = 8; // of 128: the height of the waveform is that of the loudest place, but not of noise

const seeks = (names, by) => Object.fromEntries(names.map((name) => [name, (player) => player.go(player.now + by)]));

/** Of the waveform. @type {import('../../../core/keyboard.js').Keys<Audio>[]} */
const KEYS = [
  { label: () => t('Play or pause'), keys: { Space: (player) => player.toggle() } },
  { label: () => t('Back and forward'), keys: { ...seeks(['ArrowLeft', 'ArrowDown'], -STEP), ...seeks(['ArrowRight', 'ArrowUp'], STEP) }, shown: ['ArrowLeft', 'ArrowRight'] },
  { label: () => t('To the beginning or the end'), keys: { Home: (player) => player.go(0), End: (player) => player.go(player.length) } },
];

export function mount(host, file, tools) {
  return new Audio(host, file, tools);
}

class Audio {
  #peaks = null;
  #player;
  #stopDescribing = () => {};
  /** How many sources there were when none of them could be played. */
  #failed = 0;

  constructor(host, file, tools) {
    Object.assign(this, { host, file, tools });
    this.#start();
  }

  /** What is made meanwhile, such as the waveform, is shown. */
  update(file) {
    this.file = file;
    this.#player?.update(file);
    if (this.#failed && sources(file).length > this.#failed) this.#start();
    else if (this.#player && !this.#peaks) this.#loadPeaks();
  }

  unmount() {
    this.#stopDescribing();
    this.#player?.end();
    this.#player = undefined;
  }

  #start() {
    this.#failed = 0;
    this.#stopDescribing = describe(t('Sound'), KEYS);
    this.#draw();
    this.element = this.host.querySelector('audio');
    for (const event of ['timeupdate', 'loadedmetadata', 'seeked']) this.element.addEventListener(event, () => this.#draw());
    this.#player = new Player(this.element, this.file, { failed: () => this.#fail(), refresh: this.tools.refresh });
    this.#player.start();
    this.#loadPeaks();
  }

  get now() { return this.element.currentTime; }

  get length() {
    const found = this.element?.duration;
    return Number.isFinite(found) ? found : this.#facts.duration ?? 0;
  }

  get #facts() {
    return this.file.facts.audio ?? this.file.facts.video ?? {};
  }

  async #loadPeaks() {
    const made = derivative(this.file, 'waveform-peaks');
    this.#peaks = made ? await json(made, this.tools.signal).then(columns, () => null) : null;
    if (this.#player) this.#draw();
  }

  #fail() {
    this.unmount();
    this.#failed = sources(this.file).length;
    render(html`${this.#cover()}${instead(this.file, cantPlay(this.file))}`, this.host);
  }

  #draw() {
    if (this.#failed) return;
    render(html`${this.#cover()}${this.#wave()}
      <audio controls preload="metadata" data-keys="own" aria-label=${visible(this.file.name)}></audio>`, this.host);
  }

  #cover() {
    const cover = derivative(this.file, 'cover');
    return cover ? html`<img class="cover" src=${web(cover.url)} width=${cover.width} height=${cover.height} alt=${t('Cover')}>` : '';
  }

  #wave() {
    if (!this.#peaks) return derivative(this.file, 'waveform-peaks') ? html`<div class="wave skeleton"></div>` : '';
    const now = this.element?.currentTime ?? 0, share = this.length ? now / this.length : 0;
    return html`
      <div class="wave" role="slider" tabindex="0" data-keys="own" aria-label=${t('Position')} aria-valuemin="0" aria-valuemax=${Math.round(this.length)}
        aria-valuenow=${Math.round(now)} aria-valuetext=${t('{now} of {length}', { now: clock(now), length: clock(this.length) })}
        @pointerdown=${(event) => this.#drag(event)} @pointermove=${(event) => event.buttons & 1 && this.#seek(event)} @keydown=${(event) => pressIn(event, KEYS, this)}>
        ${shape(this.#peaks, 'wave-all')}
        <div class="wave-played" .style=${`clip-path: inset(0 ${100 - 100 * share}% 0 0)`}>${shape(this.#peaks, '')}</div>
        <div class="wave-cursor" .style=${`left: ${100 * share}%`}></div>
      </div>`;
  }

  #drag(event) {
    event.currentTarget.setPointerCapture(event.pointerId);
    this.#seek(event);
  }

  #seek(event) {
    const box = event.currentTarget.getBoundingClientRect();
    this.go(this.length * (event.clientX - box.x) / box.width);
  }

  /** To this second. */
  go(seconds) {
    this.element.currentTime = Math.min(this.length, Math.max(0, seconds));
    this.#draw();
  }

  toggle() {
    if (this.element.paused) this.element.play().catch(() => {});
    else this.element.pause();
  }
}

/** The lowest and highest level of each column, -1 to 1 for the loudest. The data is that of audiowaveform: pairs of 8 bits. */
function columns({ data, length }) {
  const count = Math.min(COLUMNS, length), found = [];
  for (let column = 0; column < count; column += 1) {
    const [start, end] = [column, column + 1].map((each) => Math.floor(each * length / count));
    const part = data.slice(2 * start, 2 * end);
    found.push([Math.min(...part), Math.max(...part)]);
  }
  const loudest = Math.max(QUIET, ...found.flat().map(Math.abs));
  return found.map((levels) => levels.map((level) => level / loudest));
}

/** One path, so that a redraw costs little. */
function shape(peaks, name) {
  const y = (level) => (HEIGHT / 2 * (1 - level)).toFixed(1);
  const path = peaks.map(([low, high], column) => `M${column + 0.5} ${y(Math.max(high, 0.01))}V${y(Math.min(low, -0.01))}`).join('');
  return html`<svg class=${name} viewBox="0 0 ${peaks.length} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true"><path d=${path}></path></svg>`;
}
