// What is above the list: search, filters, order and layout. All of it is in the address.

import { html, icon, live, nothing } from '../../core/html.js';
import { number } from '../../core/format.js';
import { can, me } from '../../core/session.js';
import { t } from '../../core/words.js';
import { KINDS, LAYOUTS, NEWEST_FIRST, ORDERS, STATES, chips, orderOf, without } from './query.js';

const MEGA = 1e6;
const DEBOUNCE = 250; // milliseconds

/**
 * What is selected takes the place of the heading, so that nothing moves and nothing is covered.
 * @param {object} options
 * @param {unknown} options.selection  the bar of what is selected, or `nothing`
 * @param {URLSearchParams} options.query  of the address
 * @param {string} options.layout
 * @param {{total: number | null, more: boolean}} options.list
 * @param {(changes: object) => void} options.change  go to the address with these changes
 * @param {(query: URLSearchParams) => void} options.go
 * @param {() => void} options.upload
 */
export const toolbar = (options) => html`
  <div class="view-head">
    <h1 class=${options.selection === nothing ? '' : 'sr-only'}>${t('Files')} ${total(options.list)}</h1>
    ${options.selection !== nothing ? options.selection : can('files:write') ? html`<button type="button" class="button primary" data-action="upload" @click=${options.upload}>${icon('upload')}${t('Upload')}</button>` : nothing}
  </div>
  <div class="toolbar" role="search" aria-label=${t('Files')}>
    ${search(options)} ${filterMenu(options)} ${order(options)} ${layouts(options)}
  </div>`;

function total({ total: count, more }) {
  if (count === null) return html`<span class="count skeleton" aria-hidden="true">000</span>`;
  const text = `${number(count)}${more ? '+' : ''}`;
  return html`<span class="count">${text}</span>`;
}

let typing;

function search({ query, change }) {
  const changed = ({ target }) => {
    clearTimeout(typing);
    typing = setTimeout(() => change({ q: target.value.trim() }), DEBOUNCE);
  };
  const field = document.querySelector('.view-files input[name=q]');
  // Who types has typed more than the address says.
  const text = field && field === document.activeElement ? field.value : query.get('q') ?? '';
  return html`<label class="search grow">${icon('search')}<span class="sr-only">${t('Search by name')}</span>
    <input type="search" name="q" placeholder=${t('Search by name')} autocomplete="off" spellcheck="false" maxlength="255"
      .value=${live(text)} @input=${changed}></label>`;
}

function order({ query, change, layout }) {
  const chosen = orderOf(query);
  const known = layout === 'days' ? ORDERS.filter(([name]) => name.includes('uploaded_at')) : ORDERS;
  const changed = ({ target }) => change({ sort: target.value === NEWEST_FIRST ? null : target.value });
  return html`<label class="order"><span class="sr-only">${t('Sort')}</span>
    <select name="sort" @change=${changed}>${known.map(([name, label]) => html`<option value=${name} .selected=${live(name === chosen)}>${label()}</option>`)}</select></label>`;
}

const LAYOUT_LABELS = { table: () => t('Table'), grid: () => t('Grid'), days: () => t('By day') };
const LAYOUT_ICONS = { table: 'list', grid: 'grid', days: 'calendar' };

function layouts({ layout, query, change }) {
  const choose = (name) => change({
    view: name === 'table' ? null : name,
    ...(name === 'days' && !orderOf(query).includes('uploaded_at') ? { sort: null } : {}),
  });
  return html`<div class="layouts" role="group" aria-label=${t('Layout')}>${LAYOUTS.map((name) => html`<button type="button"
    class="button icon-only" title=${LAYOUT_LABELS[name]()} aria-label=${LAYOUT_LABELS[name]()} aria-pressed=${name === layout}
    @click=${() => choose(name)}>${icon(LAYOUT_ICONS[name])}</button>`)}</div>`;
}

/** The active filters, each with a button that removes it. */
export function activeFilters({ query, go, clear }) {
  const found = chips(query);
  if (!found.length) return nothing;
  return html`<ul class="chips" aria-label=${t('Filters')}>${found.map((chip) => html`<li><button type="button" class="chip chosen"
      aria-label=${t('Remove filter: {label}', { label: chip.label })} @click=${() => go(without(query, chip))}><bdi>${chip.label}</bdi>${icon('close')}</button></li>`)}
    <li><button type="button" class="link" @click=${clear}>${t('Remove all')}</button></li></ul>`;
}

function filterMenu({ query, change }) {
  const set = (name) => ({ target }) => change({ [name]: target.value || null });
  const size = (name) => ({ target }) => change({ [name]: target.value === '' ? null : Math.round(Number(target.value) * MEGA) });
  const megabytes = (name) => query.get(name) ? Number(query.get(name)) / MEGA : '';
  const choice = (name, label, known) => html`<p class="field"><label for=${`filter-${name}`}>${label}</label>
    <select id=${`filter-${name}`} @change=${set(name)}><option value="" .selected=${live(!query.get(name))}>${t('Any')}</option>${known.map(([value, text]) => html`<option value=${value} .selected=${live(query.get(name) === value)}>${text()}</option>`)}</select></p>`;
  const input = (name, label, type, value, changed) => html`<p class="field"><label for=${`filter-${name}`}>${label}</label>
    <input id=${`filter-${name}`} type=${type} min=${type === 'number' ? 0 : nothing} step=${type === 'number' ? 'any' : nothing} .value=${String(value)} @change=${changed}></p>`;
  return html`<details class="menu filters" @keydown=${closeOnEscape}>
    <summary class="button">${icon('filter')}<span class="label">${t('Filters')}</span></summary>
    <div class="menu-items filter-form">
      ${choice('type', t('Type'), KINDS)} ${choice('state', t('State'), STATES)}
      ${input('after', t('From'), 'date', query.get('after') ?? '', set('after'))} ${input('before', t('Until'), 'date', query.get('before') ?? '', set('before'))}
      ${input('min', t('At least, MB'), 'number', megabytes('min'), size('min'))} ${input('max', t('At most, MB'), 'number', megabytes('max'), size('max'))}
      ${tagField(query, change)}
      ${me?.owner == null ? input('owner', t('Owner'), 'text', query.get('owner') ?? '', set('owner')) : nothing}
    </div></details>`;
}

/** A tag is added to those that are chosen. */
function tagField(query, change) {
  const add = ({ target }) => {
    const tag = target.value.trim();
    if (tag) change({ tag: [...new Set([...query.getAll('tag'), tag])] });
    target.value = '';
  };
  return html`<p class="field"><label for="filter-tag">${t('With the tag')}</label><input id="filter-tag" type="text" list="known-tags" @change=${add}></p>`;
}

function closeOnEscape(event) {
  if (event.key !== 'Escape' || !event.currentTarget.open) return;
  event.currentTarget.open = false;
  event.currentTarget.querySelector('summary').focus();
  event.preventDefault();
  event.stopPropagation();
}

/** A click beside the open menu closes it. @param {AbortSignal} signal */
export function closeMenus(root, signal) {
  document.addEventListener('pointerdown', (event) => {
    for (const menu of root.querySelectorAll('details.menu[open]')) if (!menu.contains(event.target)) menu.open = false;
  }, { signal });
}
