// The queues, in words that can't be misread, and their switches.

import { api } from '../../core/api.js';
import { confirm } from '../../core/dialogs.js';
import { clockTime, duration, number } from '../../core/format.js';
import { html, icon, nothing } from '../../core/html.js';
import { can, path } from '../../core/session.js';
import { toast } from '../../core/toasts.js';
import { t } from '../../core/words.js';

/** @typedef {import('../../parts/service.js').Queue} Queue */
/** @typedef {{name: string, waiting: number, queued: number, running: number, oldest: number | null}} Load */

/**
 * @param {Queue[]} queues @param {Load[]} loads @param {string} busy the queue that is being switched
 * @param {(name: string, pause: boolean) => unknown} change
 */
export function queuesCard(queues, loads, busy, change) {
  return html`<section class="card" aria-labelledby="queues"><h2 id="queues" tabindex="-1">${t('Queues')}</h2>
    <div class="table-wrap"><table class="table rows queues">
      <thead><tr><th scope="col">${t('Queue')}</th><th scope="col">${t('State')}</th><th scope="col" class="number">${t('Waiting')}</th>
        <th scope="col" class="number">${t('Running')}</th><th scope="col" class="number">${t('Oldest due')}</th><th scope="col" class="number">${t('Workers')}</th>
        ${can('service:admin') ? html`<th scope="col"><span class="sr-only">${t('Switch')}</span></th>` : nothing}</tr></thead>
      <tbody>${queues.map((queue) => row(queue, loads.find(({ name }) => name === queue.name), busy === queue.name, change))}</tbody>
    </table></div>
    ${queues.filter(({ used }) => !used).map(({ name }) => html`<p class="soft small unused">${t('{name} is not used here: no virus scanner is set (PICASSO_CLAMD).', { name })}</p>`)}
  </section>`;
}

/** @param {Queue} queue @param {Load | undefined} load @param {boolean} busy @param {(name: string, pause: boolean) => unknown} change */
function row(queue, load, busy, change) {
  return html`<tr data-queue=${queue.name}>
    <td data-label=${t('Queue')}><a href=${path(`jobs/?queue=${encodeURIComponent(queue.name)}`)}><strong>${queue.name}</strong></a></td>
    <td data-label=${t('State')}><span class=${`badge ${queue.paused ? 'waiting' : 'good'}`}>${icon(queue.paused ? 'pause' : 'play')}${stateOf(queue)}</span></td>
    <td class="number" data-label=${t('Waiting')}>${load ? number(load.waiting + load.queued) : '–'}</td>
    <td class="number" data-label=${t('Running')}>${load ? number(load.running) : '–'}</td>
    <td class="number" data-label=${t('Oldest due')}>${load?.oldest ? duration(load.oldest) : '–'}</td>
    <td class="number" data-label=${t('Workers')}>${queue.workers === null || (!queue.used && !queue.workers) ? '–' : number(queue.workers)}</td>
    ${can('service:admin') ? html`<td class="end"><button class=${`button ${queue.paused ? 'primary' : ''}`} type="button" aria-busy=${busy ? 'true' : nothing}
      aria-label=${queue.paused ? t('Resume the queue {name}', { name: queue.name }) : t('Pause the queue {name}', { name: queue.name })}
      @click=${() => change(queue.name, !queue.paused)}>${icon(queue.paused ? 'play' : 'pause')}${queue.paused ? t('Resume') : t('Pause')}</button></td>` : nothing}
  </tr>`;
}

/** @param {Queue} queue */
function stateOf({ paused, paused_at: at, paused_by: by }) {
  if (!paused) return t('Open');
  if (at && by) return t('Paused since {time} by {by}', { time: clockTime(at), by });
  return at ? t('Paused since {time}', { time: clockTime(at) }) : t('Paused');
}

/** @param {string} name */
export const agreesToPause = (name) => confirm({
  title: t('Pause the queue {name}?', { name }),
  text: html`<p>${t('No further job of it starts, on any machine, for any project. Running jobs go on; uploads are accepted and wait.')}</p>`,
  action: t('Pause'),
});

/** @param {string} name @param {boolean} pause or resume */
export async function switchQueue(name, pause) {
  try {
    await api(`queues/${encodeURIComponent(name)}/${pause ? 'pause' : 'resume'}/`, { method: 'POST' });
    toast(pause ? t('The queue {name} is paused', { name }) : t('The queue {name} runs', { name }));
  } catch (problem) {
    toast(problem.detail ?? String(problem), { bad: true });
  }
}
