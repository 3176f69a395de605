// The messages of one webhook: filtered, read again while something is about to be sent, and sent again.

import { api } from '../../core/api.js';
import { confirm } from '../../core/dialogs.js';
import { html, ifDefined, repeat } from '../../core/html.js';
import { path as link } from '../../core/router.js';
import { t } from '../../core/words.js';
import { attempt } from '../../parts/attempt.js';
import { firstPage, moreButton } from '../../parts/pages.js';
import { emptyState, problemState, skeleton } from '../../parts/screen.js';
import { deliveryRow } from './delivery.js';
import { replay, replaySince } from './forms.js';
import { nameOfState, STATES } from './states.js';

const SIZE = 25; // deliveries of a page
const POLL = 2000; // milliseconds, while something shown is about to be sent
const SOON = 60_000; // milliseconds

/** @param {string} id Of the webhook. */
export function deliveriesOf(id, { draw, changed, context }) {
  const path = `webhooks/${id}/deliveries/`;
  const state = { pages: null, problem: null, payloads: new Map(), query: queryOf(context) };
  let timer, stopped = false;

  async function reload() {
    clearTimeout(timer);
    const query = state.query;
    try {
      const pages = await firstPage(path, { ...query, page_size: SIZE });
      if (query !== state.query) return;
      Object.assign(state, { pages, problem: null });
    } catch (problem) {
      if (query !== state.query) return;
      state.problem = problem;
    }
    draw();
    if (!stopped && state.pages?.rows.some(isSoon)) timer = setTimeout(poll, POLL);
  }

  /** Something is about to be sent: how it goes also changes the webhook. More pages than one stay as they are. */
  async function poll() {
    if (document.hidden || state.pages?.rows.length > SIZE) {
      timer = setTimeout(poll, POLL);
      return;
    }
    await reload();
    changed();
  }

  function update(next) {
    const query = queryOf(next);
    if (JSON.stringify(query) === JSON.stringify(state.query)) return;
    Object.assign(state, { query, pages: null });
    draw();
    reload();
  }

  async function act(run) {
    if (!await attempt(run)) return;
    await reload();
    changed();
  }

  async function opened(event, delivery) {
    if (!event.currentTarget.open || state.payloads.has(delivery.id)) return;
    state.payloads.set(delivery.id, { loading: true });
    draw();
    try {
      const { payload } = await api(`${path}${delivery.id}/`);
      state.payloads.set(delivery.id, { payload });
    } catch (problem) {
      state.payloads.set(delivery.id, { problem });
    }
    draw();
  }

  function body(webhook) {
    return html`
      <section class="deliveries" aria-labelledby="deliveries-title">
        <h2 id="deliveries-title">${t('Deliveries')}</h2>
        <div class="toolbar">
          ${tabs(id, state.query.state)}
          <span class="spacer"></span>
          <button class="button" type="button" ?disabled=${!webhook.enabled} @click=${() => act(() => replayFailed(webhook))}>${t('Send failed ones again')}</button>
          <button class="button" type="button" ?disabled=${!webhook.enabled} @click=${() => act(() => replaySince(webhook))}>${t('Send a time again')}</button>
        </div>
        ${rows(webhook)}
      </section>`;
  }

  function rows(webhook) {
    if (!state.pages) return state.problem ? problemState(state.problem, reload) : skeleton(3);
    if (!state.pages.rows.length) {
      return emptyState(state.query.state ? t('There is none') : t('Nothing was sent yet'),
        state.query.state ? t('No message is in this state.') : t('Messages appear here when something happens. “Send a test” makes one now.'));
    }
    return html`
      <ul class="entries">${repeat(state.pages.rows, (each) => each.id, (each) => row(each, webhook))}</ul>
      ${moreButton(state.pages, draw)}`;
  }

  const row = (delivery, webhook) => deliveryRow(delivery, {
    content: state.payloads.get(delivery.id),
    opened: (event) => opened(event, delivery),
    again: webhook.enabled ? () => act(() => replay(webhook, { deliveries: [delivery.id] })) : undefined,
  });

  const back = () => { if (state.problem) reload(); };
  addEventListener('picasso:back', back, { signal: context.signal });

  return { reload, update, body, stop() { stopped = true; clearTimeout(timer); } };
}

function queryOf({ query }) {
  const state = query.get('state');
  return STATES.includes(state) ? { state } : {};
}

const isSoon = ({ state, next_attempt_at: next }) => state === 'waiting' && new Date(next) - Date.now() < SOON;

const tabs = (id, chosen) => html`
  <nav class="tabs" aria-label=${t('States')}>
    ${['', ...STATES].map((state) => html`
      <a href=${link(`webhooks/${id}${state ? `?state=${state}` : ''}`)} aria-current=${ifDefined((chosen ?? '') === state ? 'page' : undefined)}>
        ${state ? nameOfState(state) : t('All')}</a>`)}
  </nav>`;

const replayFailed = async (webhook) => await confirm({
  title: t('Send all failed messages again?'),
  text: t('Each one that has failed for good is sent once more, at once.'),
  action: t('Send again'),
}) && replay(webhook, { failed: true });
