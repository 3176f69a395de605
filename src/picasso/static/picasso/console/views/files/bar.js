// The bar of what can be done with the selected files.

import { html, icon, nothing } from '../../core/html.js';
import { can } from '../../core/session.js';
import { t, tn } from '../../core/words.js';

/**
 * @param {{count: number, busy: boolean, clear: () => void, act: (name: string) => void}} options
 */
export function bar({ count, busy, clear, act }) {
  if (!count) return nothing;
  const button = (name, glyph, label, allowed, extra = '') => !allowed ? nothing : html`<button type="button" class=${`button ${extra}`}
    data-action=${name} ?disabled=${busy} @click=${() => act(name)} title=${label}>${icon(glyph)}<span class="label">${label}</span></button>`;
  return html`<div class="selection-bar" role="toolbar" aria-label=${t('Selected files')}>
    <button type="button" class="button quiet icon-only" aria-label=${t('Clear the selection')} @click=${clear}>${icon('close')}</button>
    <strong class="selected-count">${tn('{n} selected', '{n} selected', count)}</strong>
    ${button('tags', 'plus', t('Tags…'), can('files:write'))}
    ${button('links', 'copy', t('Copy links'), true)}
    ${button('download', 'download', t('Download as ZIP'), true)}
    ${button('reprocess', 'retry', t('Process again'), can('jobs:write'))}
    ${button('delete', 'delete', t('Delete'), can('files:delete'), 'danger')}
  </div>`;
}
