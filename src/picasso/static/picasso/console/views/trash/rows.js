// What the trash shows: its rows, and its states.

import { html, icon, nothing } from '../../core/html.js';
import { bytes, date, exactDate, nameOf } from '../../core/format.js';
import { kindText } from '../../core/kinds.js';
import { can, me, path } from '../../core/session.js';
import { t, tn } from '../../core/words.js';

const HOUR = 3_600_000, DAY = 24 * HOUR; // milliseconds

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

/** To the nearest day, below two days to the hour; the title has the moment. */
function left(file) {
  const end = Date.parse(file.deleted_at) + me.trash_days * DAY, time = end - Date.now(), hours = Math.round(time / HOUR);
  const text = time >= 2 * DAY - HOUR / 2 ? tn('{n} day', '{n} days', Math.round(time / DAY)) : hours < 1 ? t('less than an hour') : tn('{n} hour', '{n} hours', hours);
  return html`<time datetime=${new Date(end).toISOString()} title=${t('until {time}', { time: exactDate(end) })}>${text}</time>`;
}

export const loading = () => html`<div class="stack" aria-hidden="true">${Array.from({ length: 6 }, () => html`<span class="skeleton row-skeleton"></span>`)}</div>
  <p class="sr-only" role="status">${t('Loading…')}</p>`;

/** @param {number} days that deleted files are kept; 0 without a trash */
export const none = (days) => (days ? html`<div class="state state-empty" tabindex="-1">${icon('delete')}
    <h2>${t('The trash is empty')}</h2>
    <p>${tn('Files that are deleted stay here for {n} day.', 'Files that are deleted stay here for {n} days.', days)}</p></div>`
  : html`<div class="state state-empty" tabindex="-1">${icon('delete')}
    <h2>${t('This project has no trash')}</h2>
    <p>${t('Deleted files are gone at once.')} ${can('project:admin') ? nothing : t('An administrator can change that in the settings of the project.')}</p>
    ${can('project:admin') ? html`<p class="actions"><a class="button" href=${`${path('projects/')}?project=${encodeURIComponent(me.project)}`}>${t('Settings of the project')}</a></p>` : nothing}</div>`);

/** @param {import('../../core/api.js').Problem} fault */
export const failed = (fault, retry) => html`<div class=${`state ${fault.status ? 'state-error' : 'state-offline'}`} role="alert">${icon('warning')}
  <h2>${fault.status ? t('The trash can’t be listed') : navigator.onLine ? t('The server can’t be reached') : t('You are offline')}</h2>
  <p>${fault.status ? html`<bdi>${fault.detail}</bdi>` : t('The list appears as soon as the connection is back.')}</p>
  <p class="actions"><button type="button" class="button" @click=${retry}>${t('Retry now')}</button></p></div>`;
