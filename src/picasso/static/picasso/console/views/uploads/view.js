// Unfinished uploads: those of this window, and those that earlier pages of this browser have left.

import { bytes, date, percent } from '../../core/format.js';
import { html, icon, nothing, render, repeat } from '../../core/html.js';
import { can } from '../../core/session.js';
import { t, tn } from '../../core/words.js';
import { act, earlier, queue, showUploads, start } from '../../uploads/index.js';
import { nameOf } from '../../uploads/row.js';
import { totalsOf } from '../../uploads/totals.js';

const PACE = 500; // milliseconds between two drawings: the files that are sent need the processor, and nobody reads counts faster

export const title = 'Uploads';

/** @param {HTMLElement} root @param {import('../../core/router.js').Context} context */
export async function mount(root, { signal }) {
  if (!can('files:write')) {
    render(forbidden(), root);
    return {};
  }
  await start();
  let due;
  const draw = () => { due = undefined; render(page(), root); };
  const soon = () => { due ??= setTimeout(draw, PACE); };
  queue.addEventListener('change', soon, { signal });
  for (const event of ['online', 'offline']) addEventListener(event, soon, { signal });
  earlier.load();
  draw();
  return { unmount: () => clearTimeout(due) };
}

const page = () => html`
  <div class="view-head">
    <h1>${t('Uploads')}</h1>
    <button class="button primary" type="button" data-action="upload" @click=${() => showUploads()}>${t('Upload files')}</button>
  </div>
  ${navigator.onLine ? nothing : html`<p class="notice waiting state-offline" role="status">${t('Offline; continues by itself')}</p>`}
  ${ofThisWindow()}
  ${ofEarlierPages()}`;

function ofThisWindow() {
  const { all, busy, done, failed } = totalsOf(queue.items);
  if (!all) return nothing;
  const counts = [
    busy && tn('{n} on its way', '{n} on their way', busy),
    failed && tn('{n} failed', '{n} failed', failed),
    done && tn('{n} uploaded', '{n} uploaded', done),
  ].filter(Boolean).join(' · ');
  return html`<section class="card stack" aria-labelledby="uploads-now">
    <h2 id="uploads-now">${t('In this window')}</h2>
    <p class="actions"><span>${counts}</span>
      <button class="button" type="button" data-action="show-tray" @click=${() => showUploads()}>${t('Show them')}</button></p>
  </section>`;
}

function ofEarlierPages() {
  const left = queue.items.filter(({ state }) => state === 'left');
  if (left.length) return listOf(left);
  return (STATES[earlier.status] ?? empty)();
}

const STATES = { loading, unreachable };

function loading() {
  return html`<div class="card stack" aria-busy="true">
    <span class="sr-only">${t('Loading…')}</span>
    ${[1, 2].map(() => html`<span class="skeleton uploads-skeleton"></span>`)}
  </div>`;
}

function unreachable() {
  return html`<div class="state state-error">
    ${icon('warning')}<h2>${t('The server can’t be reached.')}</h2>
    <p>${t('What was sent is kept. This page asks again by itself.')}</p>
    <p class="actions"><button class="button" type="button" data-action="retry" @click=${() => earlier.load()}>${t('Retry now')}</button></p>
  </div>`;
}

function empty() {
  return html`<div class="state state-empty">
    ${icon('upload')}<h2>${t('No unfinished uploads')}</h2>
    <p>${t('An upload that is interrupted by a reload or a restart of the browser waits here. Drop files anywhere to upload them.')}</p>
  </div>`;
}

function forbidden() {
  return html`<div class="state state-empty">
    ${icon('upload')}<h1>${t('Uploads')}</h1>
    <p>${t('You may not upload files here. An administrator can give you the right to.')}</p>
  </div>`;
}

function listOf(left) {
  return html`<section class="card stack" aria-labelledby="uploads-left">
    <h2 id="uploads-left" tabindex="-1">${t('Unfinished')}</h2>
    <p class="soft small">${t('This browser remembers them. Uploads that another browser or program has begun are not listed: each belongs to who began it.')}</p>
    <ul class="uploads-left">${repeat(left, ({ id }) => id, row)}</ul>
  </section>`;
}

function row(item) {
  const share = item.size ? item.sent / item.size : 0;
  return html`<li class="uploads-row" data-id=${item.id} data-state="left">
    ${nameOf(item)}
    <progress max="1" .value=${share} aria-label=${t('Upload of {name}', { name: item.name })}></progress>
    <span class="soft small">${factsOf(item, share)}</span>
    <span class="actions">
      <button class="button" type="button" data-action="choose" aria-label=${t('Choose the file again: {name}', { name: item.name })} @click=${() => act('choose', item)}>${t('Choose the file again')}</button>
      <button class="button danger" type="button" data-action="cancel" aria-label=${t('Cancel the upload: {name}', { name: item.name })} @click=${(event) => discard(event, item)}>${t('Cancel the upload')}</button>
    </span>
  </li>`;
}

function factsOf({ expires, size }, share) {
  const there = t('{share} of {size} is there', { share: percent(Math.floor(share * 100) / 100), size: bytes(size) });
  return expires ? `${there} · ${t('kept until {time}', { time: date(expires) })}` : there;
}

function discard({ target }, item) {
  const view = target.closest('.view');
  act('cancel', item);
  view.querySelector('[data-action=upload]').focus();
}
