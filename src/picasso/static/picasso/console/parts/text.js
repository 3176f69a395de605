// Small parts: names that others chose, times, states.

import { ago, date, visible } from '../core/format.js';
import { html, nothing } from '../core/html.js';
import { language, t } from '../core/words.js';

/** A text that others chose: isolated, and with nothing in it that hides or reorders. */
export const said = (text) => html`<bdi>${visible(text)}</bdi>`;

/** What a processor says of a fault. One that the service can't translate is quoted, with words before it that say so. */
export const inItsWords = (text) => language === 'en' || !text || /[а-яё]/i.test(text)
  ? said(text)
  : html`${t('In the words of the processor:')} <q lang="en">${said(text)}</q>`;

/** A time as people say it, and exactly when one points at it. */
export const when = (moment) => moment ? html`<time datetime=${moment} title=${date(moment)}>${ago(moment)}</time>` : nothing;

/** A time in full. */
export const exactly = (moment) => moment ? html`<time datetime=${moment}>${date(moment)}</time>` : nothing;

/** @param {'good'|'waiting'|'bad'|'info'|'quiet'} kind */
export const badge = (kind, text) => html`<span class="badge ${kind}">${text}</span>`;

/** Terms and what they are, without those that are empty. */
export const facts = (pairs) => html`
  <dl class="facts">${pairs.filter(([, value]) => value !== nothing && value !== '' && value != null).map(([term, value]) => html`
    <dt>${term}</dt><dd>${value}</dd>`)}</dl>`;

/** A value as JSON that people can read, at most so many characters of it. */
export function pretty(value, most = 60_000) {
  const text = visible(JSON.stringify(value, null, 2) ?? '', '\n');
  return text.length > most ? `${text.slice(0, most)}\n…` : text;
}

/** Draw, and scroll what grows in it to its new end if its end was in sight. @param {HTMLElement} place @param {() => void} draw */
export function keepingEnd(place, draw) {
  const held = [...place.querySelectorAll('[data-grows]')].filter(({ scrollTop, clientHeight, scrollHeight }) => scrollTop + clientHeight < scrollHeight - 8);
  draw();
  for (const each of place.querySelectorAll('[data-grows]')) if (!held.includes(each)) each.scrollTop = each.scrollHeight;
}
