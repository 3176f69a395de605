// The settings of the web process, and where each comes from. Secrets have no value here.

import { visible } from '../../core/format.js';
import { html } from '../../core/html.js';
import { t } from '../../core/words.js';
import { pageOf } from './checks.js';
import { part } from './part.js';

/** @typedef {{name: string, value: string | null, source: 'environment' | 'file' | 'default', secret: boolean, page: string}} Setting */

/** @param {import('./part.js').Part | undefined} read */
export function settingsCard(read) {
  return html`<section class="card" aria-labelledby="settings"><h2 id="settings" tabindex="-1">${t('Settings')}</h2>
    ${part(read, ({ settings }) => lists(settings))}</section>`;
}

/** @param {Setting[]} settings */
function lists(settings) {
  const changed = settings.filter(({ source }) => source !== 'default'), usual = settings.filter(({ source }) => source === 'default');
  return html`
    ${changed.length ? table(changed, t('Set for this service')) : html`<p>${t('Nothing is set: all settings have their defaults.')}</p>`}
    <details><summary>${t('Defaults')} (${usual.length})</summary>${table(usual, t('Defaults'))}</details>
    <p class="soft small">${t('A change takes effect when the service starts again.')} ${pageOf('settings.md')}</p>`;
}

/** @type {Record<string, () => string>} */
const SOURCES = { environment: () => t('environment'), file: () => t('file'), default: () => t('default') };

/** @param {Setting[]} settings @param {string} caption */
const table = (settings, caption) => html`
  <div class="table-wrap"><table class="table rows"><caption class="sr-only">${caption}</caption>
    <thead><tr><th scope="col">${t('Setting')}</th><th scope="col">${t('Value')}</th><th scope="col">${t('From')}</th></tr></thead>
    <tbody>${settings.map((each) => html`<tr><td data-label=${t('Setting')}><code>${each.name}</code></td>
      <td data-label=${t('Value')}>${valueOf(each)}</td><td data-label=${t('From')}>${SOURCES[each.source]?.()}</td></tr>`)}</tbody>
  </table></div>`;

/** @param {Setting} setting */
function valueOf({ value, secret, source }) {
  if (secret) return html`<span class="soft">${source === 'default' ? t('secret, as by default') : t('secret, set')}</span>`;
  return value === null ? html`<span class="soft">${t('none')}</span>` : html`<bdi class="mono">${visible(value)}</bdi>`;
}
