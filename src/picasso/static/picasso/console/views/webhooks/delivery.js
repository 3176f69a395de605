// One message of a webhook: how it went, its payload, its attempts and their answers.

import { number } from '../../core/format.js';
import { html } from '../../core/html.js';
import { path as link } from '../../core/router.js';
import { t } from '../../core/words.js';
import { sentence, skeleton } from '../../parts/screen.js';
import { copyButton } from '../../parts/secret.js';
import { badge, exactly, pretty, said, when } from '../../parts/text.js';
import { kindOfState, nameOfState, outcomeOf, OWN_CODES, progressOf } from './states.js';

/**
 * @typedef {object} Use
 * @property {{loading?: boolean, payload?: unknown, problem?: Error} | undefined} content what was read of it when it was opened
 * @property {(event: Event) => unknown} opened
 * @property {(() => unknown) | undefined} again sends it again; not if the webhook is disabled
 */

/** @param {Use} use */
export function deliveryRow(delivery, { content, opened, again }) {
  const last = delivery.attempts.at(-1);
  return html`
    <li class="entry card">
      <details @toggle=${opened}>
        <summary>
          ${badge(kindOfState(delivery.state), nameOfState(delivery.state))}
          <code>${delivery.type}</code>
          <span class="hint">${when(delivery.created_at)}</span>
          <span class="hint">${last ? `${outcomeOf(last)} · ${number(last.milliseconds)} ms` : ''}</span>
        </summary>
        <p>${progressOf(delivery)} <code>${delivery.message_id}</code>${copyButton(delivery.message_id, 'webhook-id')}
          <button class="button" type="button" ?disabled=${!again} @click=${again}>${t('Send again')}</button></p>
        <h3>${t('Attempts')}</h3>
        ${attempts(delivery.attempts)}
        <h3>${t('What it says')}</h3>
        ${payload(content)}
      </details>
    </li>`;
}

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
