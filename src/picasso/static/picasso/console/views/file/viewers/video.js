// A video with its poster and the browser's controls.

import { html, nothing, render } from '../../../core/html.js';
import { visible } from '../../../core/format.js';
import { t } from '../../../core/words.js';
import { derivative, web } from '../addresses.js';
import { Player } from './media.js';
import { cantPlay, instead } from './parts.js';

export function mount(host, file, tools) {
  const { width, height } = file.facts.video ?? {};
  const poster = derivative(file, 'poster');
  let current = file, player;
  render(html`
    <video controls playsinline preload="metadata" data-keys="own" aria-label=${visible(file.name)}
      poster=${poster ? web(poster.url) : nothing} .style=${width && height ? `aspect-ratio: ${width} / ${height}` : ''}></video>`, host);
  const failed = () => {
    player?.end();
    player = undefined;
    render(otherwise(current), host);
  };
  player = new Player(host.querySelector('video'), file, { failed, refresh: tools.refresh });
  player.start();
  return {
    update(file) {
      current = file;
      player?.update(file);
    },
    unmount: () => player?.end(),
  };
}

function otherwise(file) {
  const poster = derivative(file, 'poster');
  return html`
    ${poster ? html`<img class="poster" src=${web(poster.url)} width=${poster.width} height=${poster.height} alt=${t('A picture from the video')}>` : ''}
    ${instead(file, cantPlay(file), file.state === 'failed' ? '' :
      html`<p class="hint">${t('A pipeline with the processor rendition makes a copy that every browser plays.')}</p>`)}`;
}
