// All facts as they are, by processor, and the JSON of the API.

import { html } from '../../core/html.js';
import { sheet } from '../../core/dialogs.js';
import { number, visible } from '../../core/format.js';
import { t } from '../../core/words.js';
import { copyText } from './copying.js';
import { asWords, nameInWords } from './names.js';

const MOST = 200; // items of one list
/** Sounds like a fault, but says nothing of the file: it is only in the JSON. "Sent as" says it where it misleads. */
const UNCLEAR = 'declared_type_matches';

const DEEP = 12; // levels that are shown as lists; below it is JSON

/** @param {object} file */
export function openAllFacts(file) {
  const shown = { ...file, facts: undefined, derivatives: undefined };
  sheet({
    title: t('All facts'),
    wide: true,
    className: 'all-facts',
    content: () => html`
      ${Object.entries(file.facts).filter(([, facts]) => !isEmpty(facts)).map(([processor, facts]) => html`<section><h3><bdi>${nameInWords(processor)}</bdi></h3>${value(facts)}</section>`)}
      <section><h3>${t('File')}</h3>${value(shown)}</section>`,
    actions: (close) => html`
      <button class="button" type="button" @click=${() => { close(); openJson(file); }}>${t('JSON')}</button>
      <button class="button primary" type="button" @click=${close}>${t('Close')}</button>`,
  });
}

/** @param {object} file */
export function openJson(file) {
  const json = JSON.stringify(file, null, 2);
  sheet({
    title: t('JSON'),
    wide: true,
    content: () => html`<pre class="raw-json" tabindex="0" role="region" aria-label=${t('JSON')}>${visible(json, '\n')}</pre>`,
    actions: (close) => html`
      <button class="button" type="button" @click=${() => copyText(json)}>${t('Copy')}</button>
      <button class="button primary" type="button" @click=${close}>${t('Close')}</button>`,
  });
}

/** Any JSON: a value, a list, or facts within facts. */
function value(fact, depth = 0) {
  if (Array.isArray(fact)) return items(fact, depth);
  if (fact instanceof Object) return depth > DEEP ? one(JSON.stringify(fact)) : members(fact, depth);
  return one(fact);
}

function members(facts, depth) {
  const known = Object.entries(facts).filter(([key, fact]) => key !== UNCLEAR && !isEmpty(fact));
  return html`<dl class="facts">${known.map(([key, fact]) => html`<dt><bdi>${asWords(key)}</bdi></dt><dd>${value(fact, depth + 1)}</dd>`)}</dl>`;
}

/** Nothing, also at any depth: no captions of the press in `iptc: {}`. */
const isEmpty = (fact) => fact === undefined || fact === null || fact === '' || (fact instanceof Object && Object.values(fact).every(isEmpty));

function items(list, depth) {
  if (!list.some((item) => item instanceof Object)) return one(list.slice(0, MOST).map(plain).join(', '));
  return html`<ul class="fact-items">${list.slice(0, MOST).map((item) => html`<li>${value(item, depth + 1)}</li>`)}</ul>`;
}

const plain = (fact) => (typeof fact === 'number' ? number(fact, 6) : typeof fact === 'boolean' ? (fact ? t('yes') : t('no')) : visible(fact, '\n\t'));
const one = (fact) => html`<bdi class="fact-text">${plain(fact)}</bdi>`;
