// The disk, and what is stored of which types.

import { ago, bytes, exactBytes, number, percent, visible } from '../../core/format.js';
import { html, nothing } from '../../core/html.js';
import { t, tn } from '../../core/words.js';
import { part } from './part.js';

const SHOWN = 8;

/** @typedef {{media_type: string, files: number, bytes: number}} StoredType */

/** @param {import('./part.js').Part | undefined} read @param {{free: number, total: number, kept_free: number} | null} disk */
export function storageCard(read, disk) {
  return html`<section class="card" aria-labelledby="disk"><h2 id="disk" tabindex="-1">${t('Storage')}</h2>
    ${disk ? space(disk) : nothing}
    ${part(read, types)}
  </section>`;
}

/** @param {{free: number, total: number, kept_free: number}} disk */
function space({ free, total, kept_free: kept }) {
  const left = t('{free} of {total} are free', { free: bytes(free), total: bytes(total) });
  return html`<div class="space">
    <meter min="0" max=${total} low=${kept * 2} high=${kept * 8} optimum=${total} .value=${free} aria-label=${t('Free space')}>${left}</meter>
    <p><strong>${left}</strong> <span class="soft small">${t('Uploads are refused below {size}.', { size: bytes(kept) })}</span></p>
  </div>`;
}

/** @param {{counted_at: string | null, files: number, bytes: number, types: StoredType[]}} found */
function types({ counted_at: at, files, bytes: size, types: all }) {
  if (!all.length) return html`<p class="soft">${t('Nothing is stored yet, or it was not counted yet.')}</p>`;
  const shown = all.slice(0, SHOWN), most = Math.max(...all.map((each) => each.bytes), 1);
  return html`
    <table class="table rows stored"><caption>${tn('{n} file', '{n} files', files)}, ${bytes(size)} <span class="soft small">${at ? t('counted {time}', { time: ago(at) }) : nothing}</span></caption>
      <thead><tr><th scope="col">${t('Type')}</th><th scope="col" class="number">${t('Files')}</th><th scope="col" class="number">${t('Size')}</th><th scope="col" class="number">${t('Share')}</th></tr></thead>
      <tbody>${shown.map((each) => html`<tr>
        <td data-label=${t('Type')}><span><bdi class="name">${visible(each.media_type)}</bdi><progress max=${most} .value=${each.bytes} aria-hidden="true"></progress></span></td>
        <td class="number" data-label=${t('Files')}>${number(each.files)}</td><td class="number" data-label=${t('Size')} title=${exactBytes(each.bytes)}>${bytes(each.bytes)}</td>
        <td class="number" data-label=${t('Share')}>${size ? percent(each.bytes / size) : '–'}</td></tr>`)}</tbody>
    </table>
    ${all.length > SHOWN ? html`<p class="soft small">${tn('and {n} more type', 'and {n} more types', all.length - SHOWN)}</p>` : nothing}`;
}
