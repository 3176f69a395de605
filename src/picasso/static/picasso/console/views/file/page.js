// The page around the viewer.

import { html, icon, nothing } from '../../core/html.js';
import { middle, nameOf, visible } from '../../core/format.js';
import { can } from '../../core/session.js';
import { t } from '../../core/words.js';
import { inItsWords } from '../../parts/text.js';
import { moreActions, restore, retry } from './actions.js';
import { asDownload } from './addresses.js';
import { openAllFacts, openJson } from './all_facts.js';
import { explanation } from './codes.js';
import { copyMenu, copyText } from './copying.js';
import { gallery } from './derivatives.js';
import { colours, keyFacts, place, warnings } from './facts.js';
import { history, holds, progress } from './history.js';
import { isSettled } from './model.js';
import { listAddress, stepper } from './neighbours.js';
import { tagList } from './tags.js';

/**
 * @param {{model: import('./model.js').Model, host: HTMLElement, query: URLSearchParams,
 *   neighbours: {previous: object | null, next: object | null}, go: (event: Event, file: object) => void}} shown
 */
export function page({ model, host, query, neighbours, go }) {
  const name = model.file ? nameOf(model.file) : model.state === 'missing' ? t('No such file') : t('File');
  return html`
    <header class="view-head file-head">
      <a class="button quiet icon-only" href=${listAddress(query)} aria-label=${t('All files')} title=${t('All files')}>${icon('left')}</a>
      <h1 title=${name}><bdi>${middle(name, 90)}</bdi></h1>
      ${model.state === 'ready' ? state(model.file) : nothing}
      ${stepper(neighbours, query, go)}
    </header>
    ${content(model, host, query)}`;
}

function content(model, host, query) {
  switch (model.state) {
    case 'loading': return skeleton();
    case 'ready': return ready(model, host);
    case 'offline': return offline(model);
    case 'error': return failed(model);
    default: return gone(model, query);
  }
}

function state(file) {
  const found = [
    file.visibility === 'public' && ['info', t('public')],
    file.quarantined && ['bad', t('quarantine')],
    !isSettled(file) && ['waiting', file.state === 'pending' ? t('waiting') : t('processing')],
    file.state === 'failed' && ['bad', t('failed')],
  ].filter(Boolean);
  return html`<span class="file-states">${found.map(([kind, text]) => html`<span class=${`badge ${kind}`}>${text}</span>`)}</span>`;
}

function ready(model, host) {
  const { file } = model;
  return html`
    <div class="file-grid">
      <div class="file-main">
        ${failure(model)}
        ${host}
      </div>
      <aside class="file-side stack" aria-label=${t('About the file')}>
        ${actions(model)}
        ${processing(model)}
        ${warnings(file)}
        <section class="card stack" aria-labelledby="facts-heading">
          <h2 id="facts-heading">${t('Facts')}</h2>
          ${keyFacts(file)} ${place(file)} ${colours(file)}
          ${checksum(file)}
          <p class="actions">
            <button class="button" type="button" @click=${() => openAllFacts(file)}>${t('All facts')}</button>
            <button class="button quiet" type="button" @click=${() => openJson(file)}>${t('JSON')}</button>
          </p>
        </section>
        ${describing(model)}
      </aside>
      <div class="file-more stack">${gallery(file)} ${history(model)}</div>
    </div>`;
}

function actions(model) {
  const { file } = model;
  return html`
    <div class="actions file-actions">
      ${file.quarantined && !can('files:quarantine') ? nothing : html`<a class="button primary" href=${asDownload(file.file)} download>${icon('download')}${t('Download')}</a>`}
      ${copyMenu({ file })}
      ${moreActions(model)}
    </div>`;
}

function checksum({ sha256 }) {
  return html`<p class="checksum"><span class="soft small">SHA-256</span> <code title=${sha256}>${sha256.slice(0, 12)}…</code>
    <button class="button quiet" type="button" @click=${() => copyText(sha256)} aria-label=${t('Copy the SHA-256')}>${t('Copy')}</button></p>`;
}

function describing(model) {
  const list = tagList(model), attributes = Object.entries(model.file.attributes ?? {});
  if (list === nothing && !attributes.length) return nothing;
  return html`
    <section class="card stack" aria-labelledby="tags-heading">
      <h2 id="tags-heading">${t('Tags')}</h2>
      ${list}
      ${attributes.length ? html`<dl class="facts">${attributes.map(([key, value]) => html`<dt><bdi>${visible(key)}</bdi></dt><dd><bdi>${visible(typeof value === 'object' ? JSON.stringify(value) : value)}</bdi></dd>`)}</dl>` : nothing}
    </section>`;
}

function processing({ file, progress: share, jobs }) {
  if (isSettled(file) || file.quarantined) return nothing;
  const held = jobs?.map(holds).find(Boolean);
  return html`<div class="notice waiting" role="status"><p>${held && file.state === 'pending' ? held : file.state === 'pending' ? t('Waiting to be processed.') : t('Being processed. The page fills in by itself.')}</p>${file.state === 'processing' ? progress(share) : nothing}</div>`;
}

/** Why it failed, and what one can do. */
function failure(model) {
  const { error } = model.file;
  if (!error || !isSettled(model.file)) return nothing;
  return html`
    <section class="notice bad file-failure" aria-labelledby="failure-heading">
      <h2 id="failure-heading">${t('Processing failed')}</h2>
      <p>${inItsWords(error.detail)} <code>${visible(error.code)}</code></p>
      ${explanation(error.code)}
      ${can('jobs:write') && !model.file.quarantined ? html`<p class="actions"><button class="button" type="button" @click=${() => retry(model)}>${icon('retry')}${t('Retry')}</button></p>` : nothing}
    </section>`;
}

function skeleton() {
  return html`
    <div class="file-grid" aria-busy="true">
      <div class="file-main"><div class="viewer skeleton"></div></div>
      <div class="file-side stack" aria-hidden="true"><div class="skeleton skeleton-actions"></div><div class="skeleton skeleton-card"></div></div>
      <p class="sr-only" role="status">${t('Loading')}</p>
    </div>`;
}

function offline(model) {
  return html`
    <div class="state state-offline" role="alert">${icon('warning')}
      <h2>${navigator.onLine ? t('The server can’t be reached.') : t('You are offline.')}</h2>
      <p>${t('The file appears as soon as the connection is back.')}</p>
      <p class="actions"><button class="button" type="button" @click=${() => model.load()}>${t('Retry now')}</button></p>
    </div>`;
}

function failed(model) {
  return html`
    <div class="state state-error" role="alert">${icon('warning')}
      <h2>${t('The file can’t be shown.')}</h2>
      <p><bdi>${visible(model.problem.detail)}</bdi></p>
      <p class="actions"><button class="button" type="button" @click=${() => model.load()}>${t('Retry now')}</button></p>
    </div>`;
}

function gone(model, query) {
  const isDeleted = model.state === 'deleted';
  return html`
    <div class="state state-empty" role="status">${icon(isDeleted ? 'delete' : 'file')}
      <h2>${isDeleted ? (model.trashed ? t('This file is in the trash.') : t('This file was deleted.')) : t('There is no such file.')}</h2>
      <p>${isDeleted ? nothing : t('It was deleted, or it belongs to another project.')}</p>
      <p class="actions">
        ${model.trashed && can('files:delete') ? html`<button class="button primary" type="button" @click=${() => restore(model)}>${t('Restore')}</button>` : nothing}
        <a class="button" href=${listAddress(query)}>${t('All files')}</a>
      </p>
    </div>`;
}
