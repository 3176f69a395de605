// The audit: who did what, filtered by the address of the view.

import { api } from '../../core/api.js';
import { html, keyed, nothing, repeat } from '../../core/html.js';
import { path as link } from '../../core/router.js';
import { t } from '../../core/words.js';
import { attempt } from '../../parts/attempt.js';
import { firstPage, moreButton } from '../../parts/pages.js';
import { emptyState, screen } from '../../parts/screen.js';
import { badge, exactly, pretty, said } from '../../parts/text.js';
import { filterForm, FILTERS, queryOf } from './filters.js';
import { actionInWords, actorInWords, kindOfOutcome, outcomeInWords, targetInWords } from './words.js';

export const title = 'Audit';

const MOST = 10_000; // rows of a download

/** @param {HTMLElement} root */
export function mount(root, context) {
  let filters = queryOf(context.query);

  function apply(chosen) {
    const query = new URLSearchParams(Object.entries(chosen).filter(([, value]) => value));
    context.navigate(`${link('audit/')}${query.size ? `?${query}` : ''}`);
  }

  const head = () => html`
    <header class="view-head">
      <h1>${t('Audit')}</h1>
      <p class="hint">${t('Who did what, with what, from where, and how it ended. Rows are never changed.')}</p>
      <button class="button" type="button" @click=${() => attempt(() => download(filters))}>${t('Download')}</button>
    </header>
    ${keyed(JSON.stringify(filters), filterForm(filters, apply))}`;

  function body(pages) {
    if (!pages.rows.length) {
      return FILTERS.some((name) => filters[name])
        ? emptyState(t('Nothing matches'), t('No row has all of these.'), html`<a class="button" href=${link('audit/')}>${t('Show all')}</a>`)
        : emptyState(t('Nothing has happened yet'), t('Whatever people and programs change appears here.'));
    }
    return html`
      <div class="table-wrap" tabindex="0" role="region" aria-label=${t('Audit')}>
        <table class="table rows">
          <thead><tr>${[t('When'), t('What'), t('With what'), t('Who'), t('From'), t('Outcome')].map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
          <tbody>${repeat(pages.rows, ({ id }) => id, (entry) => row(entry, filters))}</tbody>
        </table>
      </div>
      ${moreButton(pages, view.draw)}`;
  }

  const view = screen(root, { load: (signal) => firstPage('audit/', { ...filters, page_size: 50 }, signal), head, body });
  view.reload();
  return {
    update(next) { filters = queryOf(next.query); view.draw(); view.reload(); },
    unmount: view.stop,
  };
}

/** With links to only those rows that have the same value. */
function row(entry, filters) {
  const narrow = (name, value, text = said(value)) => value
    ? html`<a href=${`${link('audit/')}?${new URLSearchParams({ ...filters, [name]: value })}`} title=${t('Show only these')}>${text}</a>` : '–';
  return html`
    <tr>
      <td data-label=${t('When')}>${exactly(entry.at)}</td>
      <td data-label=${t('What')}><div>${narrow('action', entry.action, actionInWords(entry.action))}<br><code class="soft">${entry.action}</code>
        ${entry.count > 1 ? html` × ${entry.count}` : nothing}</div></td>
      <td data-label=${t('With what')}><div>${target(entry, narrow)}${details(entry.details)}</div></td>
      <td data-label=${t('Who')}><div>${narrow('actor', entry.actor, who(entry))}${entry.owner ? html`<br><span class="soft">${t('for')} ${said(entry.owner)}</span>` : nothing}</div></td>
      <td data-label=${t('From')}>${narrow('address', entry.address)}</td>
      <td data-label=${t('Outcome')}>${badge(kindOfOutcome(entry.outcome), outcomeInWords(entry.outcome))}</td>
    </tr>`;
}

/** As JSON lines, with the filters of the view. */
async function download(filters) {
  const answer = await api('audit/', { query: { ...filters, page_size: MOST }, headers: { Accept: 'application/x-ndjson' }, raw: true });
  const address = URL.createObjectURL(await answer.blob());
  Object.assign(document.createElement('a'), { href: address, download: 'audit.jsonl' }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** The kind of the actor, and which one it is where there are several. */
const who = ({ kind, actor }) => (actor === kind ? actorInWords(kind) : html`${actorInWords(kind)} ${said(actor.replace(/^\w+:/, ''))}`);

function target(entry, narrow) {
  if (!entry.target) return '–';
  const name = entry.details.name ? html`<br>${said(entry.details.name)}` : nothing;
  return html`${targetInWords(entry.target)} ${narrow('target', entry.target_id && `${entry.target}:${entry.target_id}`, said(entry.target_id))}${name}`;
}

function details(found) {
  const more = Object.fromEntries(Object.entries(found).filter(([name]) => name !== 'name'));
  if (!Object.keys(more).length) return nothing;
  return html`<details><summary>${t('Details')}</summary><pre tabindex="0" aria-label=${t('Details')}>${pretty(more, 8000)}</pre></details>`;
}
