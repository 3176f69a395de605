// What was made from the file, as a gallery.

import { html, icon, nothing } from '../../core/html.js';
import { bytes } from '../../core/format.js';
import { iconOf } from '../../core/kinds.js';
import { t } from '../../core/words.js';
import { asDownload, web } from './addresses.js';
import { copyMenu } from './copying.js';
import { nameInWords, typeName } from './names.js';
import { pixels } from './units.js';

/** @param {object} file */
export function gallery(file) {
  if (!file.derivatives.length) return nothing;
  return html`
    <section class="derivatives" aria-labelledby="made-heading">
      <h2 id="made-heading">${t('Made from it')}</h2>
      <ul class="derivative-list">${file.derivatives.map((derivative) => card(file, derivative))}</ul>
    </section>`;
}

function card(file, derivative) {
  const { role, url, media_type: type, size, width, height } = derivative;
  const about = [typeName(type), width && height && `${pixels(width, height)} px`, bytes(size)].filter(Boolean).join(' · ');
  return html`
    <li class="derivative card">
      <div class="derivative-picture checkers">${type.startsWith('image/')
        ? html`<img src=${web(url)} width=${width ?? nothing} height=${height ?? nothing} alt="" loading="lazy">`
        : icon(iconOf(type))}</div>
      <h3><bdi>${nameInWords(role)}</bdi></h3>
      <p class="soft small">${about}</p>
      <div class="actions">
        <a class="button" href=${asDownload(url)} download aria-label=${t('Download {name}', { name: nameInWords(role) })}>${icon('download')}</a>
        ${copyMenu({ file, derivative })}
      </div>
    </li>`;
}
