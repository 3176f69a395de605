// The filters of the audit, as a form and in the address.

import { html, nothing } from '../../core/html.js';
import { path as link } from '../../core/router.js';
import { t } from '../../core/words.js';
import { selectField, textField } from '../../parts/fields.js';
import { outcomeInWords } from './words.js';

/** The parameters of the API and of the address. */
export const FILTERS = ['action', 'actor', 'target', 'outcome', 'address', 'since', 'until'];

const WIDE = matchMedia('(min-width: 48rem)');
const OUTCOMES = ['done', 'denied', 'refused', 'failed'];

/** @param {URLSearchParams} query */
export const queryOf = (query) => Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? '']).filter(([, value]) => value));

/** @param {Record<string, string>} filters @param {(chosen: Record<string, string>) => void} apply */
export function filterForm(filters, apply) {
  const submit = (event) => {
    event.preventDefault();
    const values = new FormData(event.currentTarget);
    apply(Object.fromEntries(FILTERS.map((name) => [name, valueOf(name, values.get(name).trim())])));
  };
  const text = (name, label, placeholder) => textField({ form: 'audit', name, label, placeholder, value: filters[name] ?? '' });
  return html`
    <details class="card" ?open=${Object.keys(filters).length > 0 || WIDE.matches}>
    <summary>${t('Filters')}</summary>
    <form class="filters" role="search" aria-label=${t('Filters')} @submit=${submit}>
      ${text('action', t('Action'), 'file.delete')}
      ${text('target', t('Object'), 'file:0190…')}
      ${text('actor', t('Who'), 'key:4mR…')}
      ${text('address', t('IP address'), '203.0.113.7')}
      ${selectField({ form: 'audit', name: 'outcome', label: t('Outcome'), value: filters.outcome ?? '',
        options: [['', t('all')], ...OUTCOMES.map((outcome) => [outcome, outcomeInWords(outcome)])] })}
      ${textField({ form: 'audit', name: 'since', type: 'datetime-local', label: t('From (time)'), value: local(filters.since) })}
      ${textField({ form: 'audit', name: 'until', type: 'datetime-local', label: t('Until'), value: local(filters.until) })}
      <div class="actions">
        <button class="button primary" type="submit">${t('Filter')}</button>
        ${Object.keys(filters).length ? html`<a class="button" href=${link('audit/')}>${t('Show all')}</a>` : nothing}
      </div>
    </form>
    </details>`;
}

const valueOf = (name, text) => (text && ['since', 'until'].includes(name) ? new Date(text).toISOString() : text);

/** A moment as the field for times wants it; empty for what is none. */
function local(moment) {
  const time = moment ? new Date(moment) : null;
  if (!time || Number.isNaN(time.getTime())) return '';
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
