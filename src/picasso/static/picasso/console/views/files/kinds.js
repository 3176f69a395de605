// How a file is shown: its name, its picture, its state.

import { html, icon, nothing } from '../../core/html.js';
import { visible, webUrl } from '../../core/format.js';
import { iconOf } from '../../core/kinds.js';
import { path } from '../../core/router.js';
import { language, t } from '../../core/words.js';
import { pictureOf } from './thumbhash.js';

/** The address of a file's own page, from where arrow keys go through the same list. @param {{id: string}} file @param {URLSearchParams} query */
export const addressOfFile = (file, query) => path(`files/${encodeURIComponent(file.id)}${query.size ? `?${query}` : ''}`);

const TAIL = 12; // characters that stay at the end of a name that is too long

/** A name that is cut in the middle where it does not fit: its end tells it from others. @param {string} name */
export function nameCut(name) {
  const letters = [...name], at = Math.max(0, letters.length - TAIL);
  const [head, tail] = [letters.slice(0, at).join(''), letters.slice(at).join('')];
  return html`<bdi class="whole-name" title=${name}>${head ? html`<span class="name-head">${head}</span>` : nothing}<span class="name-tail">${tail}</span></bdi>`;
}

/** The picture of a file above its icon, with its ThumbHash while it is loading. */
export function picture(file) {
  const made = file.thumbnail, kind = iconOf(file.media_type);
  return html`<span class="thumb" data-kind=${kind}>${icon(kind)}${made ? html`<img src=${webUrl(made.url)} alt="" decoding="async" draggable="false"
    class=${made.role === 'waveform' ? 'whole' : ''} .style=${placeholder(made.thumbhash)} @error=${hide}>` : nothing}</span>`;
}

function placeholder(hash) {
  const address = hash && pictureOf(hash);
  return address ? `background-image: url("${address}")` : '';
}

const hide = ({ target }) => { target.hidden = true; };

const longDays = new Intl.DateTimeFormat(language, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
/** @param {string} day "2026-11-30" */
export const longDay = (day) => longDays.format(new Date(`${day}T12:00`));

// Swedes write dates as ISO 8601 does.
const dayKeys = new Intl.DateTimeFormat('sv', { year: 'numeric', month: '2-digit', day: '2-digit' });
/** Which day it is here: "2026-11-30". */
export const dayKey = (at) => dayKeys.format(new Date(at));

/** What is to be said of the state of a file; null if it is fine. */
function trouble(file) {
  if (file.quarantined && file.scan === 'waiting') return { tone: 'waiting', text: t('Being scanned') };
  if (file.quarantined) return { tone: 'bad', text: t('In quarantine') };
  if (file.state === 'failed') return { tone: 'bad', text: t('Failed'), title: visible(file.error?.detail ?? '') };
  if (file.state === 'processing') return { tone: 'waiting', text: t('Processing') };
  return file.state === 'pending' ? { tone: 'waiting', text: t('Waiting') } : null;
}

export function badge(file) {
  const found = trouble(file);
  return found ? html`<span class=${`badge ${found.tone}`} title=${found.title || nothing}>${found.text}</span>` : nothing;
}
