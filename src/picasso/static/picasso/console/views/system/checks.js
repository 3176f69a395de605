// What the service needs, checked now, and what the doctor finds, each with its page of the documentation.

import { visible } from '../../core/format.js';
import { html, icon, nothing } from '../../core/html.js';
import { t, tn } from '../../core/words.js';
import { part } from './part.js';

/** @typedef {{name: string, outcome: string, page: string}} Check */
/** @typedef {{subject: string, level: string, name: string, what: string, change: string, page: string}} Finding */

/** @param {import('./part.js').Part | undefined} read */
export function checks(read) {
  return html`<section class="card" aria-labelledby="checks" aria-busy=${read?.busy ? 'true' : nothing}>
    <div class="card-head"><h2 id="checks" tabindex="-1">${t('Readiness')}</h2>
      <button class="button" type="button" ?disabled=${read?.busy} @click=${() => read?.again()}>${icon('retry')}${t('Check again')}</button></div>
    ${part(read, shown)}
  </section>`;
}

/** @param {{ready: boolean, checks: Check[], findings: Finding[]}} found */
function shown({ checks: all, findings }) {
  const wrong = findings.filter(({ level }) => level !== 'ok');
  return html`
    <ul class="check-list">${all.map(check)}</ul>
    <h3>${t('Findings of the doctor')}</h3>
    ${wrong.length ? html`<ul class="stack findings">${wrong.map(finding)}</ul>` : html`<p>${t('Settings, data folder and workers are as they should be.')}</p>`}
    <p class="soft small">${tn('{n} thing is fine.', '{n} things are fine.', findings.length - wrong.length)} ${t('More, also through the proxy:')} <code>picasso doctor</code></p>`;
}

/** @type {Record<string, () => string>} */
const NAMES = {
  database: () => t('Database'),
  storage: () => t('Storage'),
  worker: () => t('Workers'),
  broker: () => t('Message broker'),
  scanner: () => t('Virus scanner'),
};

/** @param {Check} each */
const check = ({ name, outcome, page }) => html`<li data-check=${name}>
  <span class=${`badge ${outcome === 'ok' ? 'good' : 'bad'}`}>${outcome === 'ok' ? t('fine') : t('fault')}</span>
  <span>${NAMES[name]?.() ?? name}${outcome === 'ok' ? nothing : html`: ${visible(outcome)} ${pageOf(page)}`}</span></li>`;

/** @param {Finding} each */
const finding = ({ level, what, change, page }) => html`<li class=${`notice ${level === 'fault' ? 'bad' : 'waiting'}`}>
  <p><bdi>${visible(what)}</bdi></p><p><bdi>${visible(change)}</bdi> ${pageOf(page)}</p></li>`;

/** Where the documentation says more: the pages are in the folder `docs` of every copy. @param {string} page */
export const pageOf = (page) => (page ? html`<code class="page">docs/${page}</code>` : nothing);
