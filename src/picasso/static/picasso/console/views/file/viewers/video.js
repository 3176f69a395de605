// A video with its poster and the browser's controls.

import { html, nothing, render } from '../../../core/html.js';
import { visible } from '../../../core/format.js';
import { t } from '../../../core/words.js';
import { derivative, web } from '../addresses.js';
import { Player, sources } from './media.js';
import { cantPlay, instead } from './parts.js';

export function mount(host, file, tools) {
  return new Video(host, file, tools);
}

class Video {
  #player;
  /** How many sources there were when none of them could be played. */
  #failed = 0;

  constructor(host, file, tools) {
    Object.assign(this, { host, file, tools });
    this.#start();
  }

  /** What is made meanwhile, such as a rendition, may be played where the original could not. */
  update(file) {
    this.file = file;
    if (this.#failed && sources(file).length > this.#failed) return this.#start();
    this.#player?.update(file);
    return this.#draw();
  }

  unmount() {
    this.#player?.end();
    this.#player = undefined;
  }

  #start() {
    this.#failed = 0;
    this.#draw();
    this.#player = new Player(this.host.querySelector('video'), this.file, { failed: () => this.#fail(), refresh: this.tools.refresh });
    this.#player.start();
  }

  #fail() {
    this.unmount();
    this.#failed = sources(this.file).length;
    this.#draw();
  }

  #draw() {
    render(this.#failed ? otherwise(this.file) : player(this.file), this.host);
  }
}

function player(file) {
  const { width, height } = file.facts.video ?? {}, poster = derivative(file, 'poster');
  return html`
    <video controls playsinline preload="metadata" data-keys="own" aria-label=${visible(file.name)}
      poster=${poster ? web(poster.url) : nothing} .style=${width && height ? `aspect-ratio: ${width} / ${height}` : ''}></video>`;
}

function otherwise(file) {
  const poster = derivative(file, 'poster');
  const hint = html`<p class="hint">${t('A pipeline with the processor rendition makes a copy that every browser plays.')}</p>`;
  return html`
    ${poster ? html`<img class="poster" src=${web(poster.url)} width=${poster.width} height=${poster.height} alt=${t('A picture from the video')}>` : ''}
    ${instead(file, cantPlay(file), file.state === 'failed' ? '' : hint)}`;
}
