// The messages of one webhook: filtered, each with payload, attempts and answers, and sent again.

import { api } from '../../core/api.js';
import { confirm } from '../../core/dialogs.js';
import { number } from '../../core/format.js';
import { html, ifDefined, repeat } from '../../core/html.js';
import { path as link } from '../../core/router.js';
import { toast } from '../../core/toasts.js';
import { t } from '../../core/words.js';
import { copyButton } from '../../parts/secret.js';
import { firstPage, moreButton } from '../../parts/pages.js';
import { emptyState, problemState, sentence, skeleton } from '../../parts/screen.js';
import { badge, exactly, pretty, said, when } from '../../parts/text.js';
import { replay, replaySince } from './forms.js';
import { kindOfState, nameOfState, outcomeOf, OWN_CODES, progressOf, STATES } from './states.js';

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
    try {
      if (await run()) await reload();
    } catch (problem) {
      toast(sentence(problem), { bad: true });
    }
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

  const replayFailed = async (webhook) => await confirm({
    title: t('Send all failed messages again?'),
    text: t('Each one that has failed for good is sent once more, at once.'),
    action: t('Send again'),
  }) && replay(webhook, { failed: true });

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

  function row(delivery, webhook) {
    const last = delivery.attempts.at(-1);
    return html`
      <li class="entry card">
        <details @toggle=${(event) => opened(event, delivery)}>
          <summary>
            ${badge(kindOfState(delivery.state), nameOfState(delivery.state))}
            <code>${delivery.type}</code>
            <span class="hint">${when(delivery.created_at)}</span>
            <span class="hint">${last ? `${outcomeOf(last)} · ${number(last.milliseconds)} ms` : ''}</span>
          </summary>
          ${detail(delivery, webhook)}
        </details>
      </li>`;
  }

  function detail(delivery, webhook) {
    const found = state.payloads.get(delivery.id);
    return html`
      <p>${progressOf(delivery)} <code>${delivery.message_id}</code>${copyButton(delivery.message_id, 'webhook-id')}
        <button class="button" type="button" ?disabled=${!webhook.enabled}
          @click=${() => act(() => replay(webhook, { deliveries: [delivery.id] }))}>${t('Send again')}</button></p>
      <h3>${t('Attempts')}</h3>
      ${attempts(delivery.attempts)}
      <h3>${t('What it says')}</h3>
      ${payload(found)}`;
  }

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

function attempts(made) {
  if (!made.length) return html`<p class="hint">${t('There was none yet.')}</p>`;
  return html`
    <div class="table-wrap" tabindex="0" role="region" aria-label=${t('Attempts')}>
      <table class="table">
        <thead><tr><th scope="col">${t('When')}</th><th scope="col">${t('Outcome')}</th><th scope="col" class="number">${t('Time')}</th><th scope="col">${t('Answer')}</th></tr></thead>
        <tbody>${made.map((each) => html`
          <tr><td>${exactly(each.at)}</td><td>${outcome(each)}</td><td class="number">${number(each.milliseconds)} ms</td>
            <td class="answer">${each.answer ? said(each.answer) : '–'}</td></tr>`)}</tbody>
      </table>
    </div>`;
}

/** With a link to what the code of an error means. */
function outcome(attempt) {
  const { error } = attempt;
  if (attempt.status || !error || OWN_CODES.has(error)) return outcomeOf(attempt);
  return html`<a href=${link(`developers/?code=${encodeURIComponent(error)}`)}><code>${error}</code></a>`;
}

function payload(found) {
  if (!found || found.loading) return skeleton(1);
  if (found.problem) return html`<p role="alert">${sentence(found.problem)}</p>`;
  if (!found.payload) return html`<p class="hint">${t('The event is not kept any more, so this can’t be shown or sent.')}</p>`;
  const text = pretty(found.payload);
  return html`<div class="copied-text"><pre tabindex="0">${text}</pre>${copyButton(text, t('What it says'))}</div>`;
}
