// What the trash shows: its rows, and its states.

import { html, icon } from '../../core/html.js';
import { bytes, date, exactDate, nameOf } from '../../core/format.js';
import { me } from '../../core/session.js';
import { t, tn } from '../../core/words.js';
import { kindText } from '../files/kinds.js';

const DAY = 86_400_000; // milliseconds

export const head = (all, choose) => html`<thead><tr>
  <th scope="col"><input type="checkbox" aria-label=${t('Select all that are shown')} .checked=${all} @change=${choose}></th>
  <th scope="col">${t('Name')}</th><th scope="col">${t('Kind')}</th><th scope="col" class="number">${t('Size')}</th>
  <th scope="col">${t('Deleted')}</th><th scope="col">${t('Left')}</th></tr></thead>`;

export function row(file, chosen, choose) {
  const name = nameOf(file);
  return html`<tr aria-selected=${chosen} data-id=${file.id}>
    <td><label class="check"><input type="checkbox" aria-label=${t('Select {name}', { name })} .checked=${chosen} @change=${choose}></label></td>
    <td data-label=${t('Name')}><bdi class="name">${name}</bdi></td>
    <td data-label=${t('Kind')}>${kindText(file.media_type)}</td>
    <td data-label=${t('Size')} class="number">${bytes(file.size)}</td>
    <td data-label=${t('Deleted')}><time datetime=${file.deleted_at} title=${exactDate(file.deleted_at)}>${date(file.deleted_at)}</time></td>
    <td data-label=${t('Left')}>${left(file)}</td></tr>`;
}

function left(file) {
  const days = Math.floor((Date.parse(file.deleted_at) + me.trash_days * DAY - Date.now()) / DAY);
  return days < 1 ? t('less than a day') : tn('{n} day', '{n} days', days);
}

export const loading = () => html`<div class="stack" aria-hidden="true">${Array.from({ length: 6 }, () => html`<span class="skeleton row-skeleton"></span>`)}</div>
  <p class="sr-only" role="status">${t('Loading…')}</p>`;

export const none = (days) => html`<div class="state state-empty" tabindex="-1">${icon('delete')}
  <h2>${t('The trash is empty')}</h2>
  <p>${days ? tn('Files that are deleted stay here for {n} day.', 'Files that are deleted stay here for {n} days.', days)
    : t('This project has no trash: deleted files are gone at once. An administrator can change that in the settings of the project.')}</p></div>`;

/** @param {import('../../core/api.js').Problem} fault */
export const failed = (fault, retry) => html`<div class=${`state ${fault.status ? 'state-error' : 'state-offline'}`} role="alert">${icon('warning')}
  <h2>${fault.status ? t('The trash can’t be listed') : navigator.onLine ? t('The server can’t be reached') : t('You are offline')}</h2>
  <p>${fault.status ? html`<bdi>${fault.detail}</bdi>` : t('The list appears as soon as the connection is back.')}</p>
  <p class="actions"><button type="button" class="button" @click=${retry}>${t('Retry now')}</button></p></div>`;
