// A row of the tray: one upload.

import { html, nothing } from '../core/html.js';
import { t } from '../core/words.js';
import { actionsOf } from './actions.js';
import { pageOf } from './addresses.js';
import { noteOf } from './notes.js';

const BRIEF = 100_000; // bytes: the bar of a smaller file would be gone before anybody has seen it

const TAIL = 12; // characters of a name that are always there: "-v2.final.pdf" tells more than the middle

/**
 * @param {import('./item.js').Item} item
 * @param {(verb: string, item: import('./item.js').Item) => void} act
 */
export function rowOf(item, act) {
  return html`
    <li class="upload" data-id=${item.id} data-state=${item.state}>
      ${nameOf(item)}
      ${barOf(item)}
      <span class="upload-note" data-slot="note">${noteOf(item)}</span>
      <span class="upload-actions">
        ${actionsOf(item).map(([verb, label], n) => html`
          <button class="button" type="button" data-action=${verb} data-slot=${n ? 'more' : 'first'}
            aria-label=${`${label}: ${item.name}`} @click=${() => act(verb, item)}>${label}</button>`)}
      </span>
    </li>`;
}

/** Cut in the middle where there is no room: names often differ at their end only. */
export function nameOf({ folder, name, result }) {
  const letters = [...name], cut = Math.max(0, letters.length - TAIL), title = folder ? `${folder}/${name}` : name;
  const shown = html`<bdi class="upload-name" title=${title}><span class="upload-name-start">${letters.slice(0, cut).join('')}</span><span>${letters.slice(cut).join('')}</span></bdi>`;
  return result ? html`<a class="upload-link" href=${pageOf(result.id)}>${shown}</a>` : shown;
}

function barOf(item) {
  if (['done', 'known', 'error', 'queued'].includes(item.state) || item.size < BRIEF) return nothing;
  const share = item.size ? item.sent / item.size : 0;
  return html`<progress max="1" .value=${share} aria-label=${t('Upload of {name}', { name: item.name })}></progress>`;
}
