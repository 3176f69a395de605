// A picture with zoom. The small rendition shows first; the original follows when somebody looks closer.

import { html, render } from '../../../core/html.js';
import { percent, visible } from '../../../core/format.js';
import { describe } from '../../../core/keyboard.js';
import { t } from '../../../core/words.js';
import { stillOf, web } from '../addresses.js';
import { PICTURES } from '../kinds.js';
import { isSettled } from '../model.js';
import { instead } from './parts.js';
import { KEYS, Zoom } from './zoom.js';

const LARGEST = 40e6; // bytes of an original that is loaded for a closer look

export function mount(host, file) {
  return new Picture(host, file);
}

class Picture {
  #zoom;
  #original = false;
  #stopDescribing = () => {};
  /** Whether the browser could not show the original. */
  #failed = false;

  constructor(host, file) {
    this.host = host;
    this.file = file;
    this.#draw();
    this.#start();
  }

  update(file) {
    this.file = file;
    this.#draw();
    if (!this.#zoom) this.#start();
  }

  unmount() {
    this.#zoom?.end();
    this.#stopDescribing();
  }

  #start() {
    const stage = this.host.querySelector('.stage');
    if (!stage) return;
    this.#stopDescribing = describe(t('Picture'), KEYS);
    this.#zoom = new Zoom(stage, stage.querySelector('img'), () => this.#actual(), () => this.#zoomed());
  }

  /** The original has more to show than the rendition. */
  #zoomed() {
    this.#original ||= this.#zoom.scale > 1.3 && this.#showsOriginal();
    this.#draw();
  }

  /** Not of a file that could not be processed, or is not yet: it may unpack to far more than a browser bears. */
  #showsOriginal() {
    const { media_type: type, size, state } = this.file;
    return state === 'processed' && PICTURES.test(type) && size <= LARGEST && !this.#failed;
  }

  /** `original`, a derivative, or undefined. An animation is only in the original. */
  #source() {
    const moves = this.file.facts.image?.animation;
    if ((this.#original || moves) && this.#showsOriginal()) return 'original';
    return stillOf(this.file) ?? (this.#showsOriginal() ? 'original' : undefined);
  }

  #draw() {
    const source = this.#source();
    render(source ? this.#template(source) : instead(this.file, this.#reason()), this.host);
  }

  #reason() {
    if (!isSettled(this.file)) return t('A preview is being made.');
    return this.file.state === 'failed' ? t('There is no preview, because processing failed.') : t('This picture can’t be shown.');
  }

  #template(source) {
    const zoom = this.#zoom;
    return html`
      <div class="stage checkers" .style=${this.#shape()} tabindex="0" role="group" data-keys=${zoom?.isZoomed ? 'own' : 'none'}
        aria-label=${t('Picture. Zoom with plus and minus, move with the arrow keys.')}>
        <img src=${web(source === 'original' ? this.file.file : source.url)} .style=${this.#width()} @load=${() => this.#draw()} alt=${visible(this.file.name)} draggable="false" @error=${() => this.#fail(source)}>
      </div>
      <div class="viewer-tools toolbar" role="toolbar" aria-label=${t('Zoom')}>
        <button class="button icon-only" type="button" aria-label=${t('Zoom out')} ?disabled=${!zoom?.isZoomed} @click=${() => zoom.out()}>−</button>
        <output class="zoom-level">${zoom?.share ? percent(zoom.share) : ''}</output>
        <button class="button icon-only" type="button" aria-label=${t('Zoom in')} @click=${() => this.#zoom.in()}>+</button>
        <button class="button" type="button" aria-pressed=${!zoom?.isZoomed} @click=${() => zoom.fit()}>${t('Fit')}</button>
        <button class="button" type="button" ?disabled=${!this.#isShrunk} title=${t('Actual size')} @click=${() => zoom.actual()}>${percent(1)}</button>
        <button class="button" type="button" @click=${() => this.host.requestFullscreen?.()}>${t('Full screen')}</button>
      </div>`;
  }

  /** Room is kept for the picture before it has loaded. */
  #shape() {
    const { width, height } = this.#actual() ?? {};
    return width ? `aspect-ratio: ${width} / ${height}` : '';
  }

  /** A rendition takes the room of the original, so that nothing jumps when that comes. */
  #width() {
    const { width, height } = this.#actual() ?? {};
    return width ? `width: ${width}px; aspect-ratio: ${width} / ${height}` : '';
  }

  /** Of the original in pixels, as it is shown. Undefined while it is unknown. */
  #actual() {
    const { width, height } = this.file.facts.image ?? {};
    if (width && height) return { width, height };
    const picture = this.#source() === 'original' && this.host.querySelector('.stage img');
    return picture?.naturalWidth ? { width: picture.naturalWidth, height: picture.naturalHeight } : undefined;
  }

  /** Whether it is smaller than its actual size where it fits. */
  get #isShrunk() {
    return Boolean(this.#zoom && this.#zoom.fitting < 0.995);
  }

  #fail(source) {
    if (source !== 'original') return;
    this.#failed = true;
    this.#original = false;
    this.#draw();
  }
}
