// The light that says in words whether the service works, and where the button is.

import { api, onReached, Problem, reached } from '../core/api.js';
import { sheet } from '../core/dialogs.js';
import { html, nothing, repeat } from '../core/html.js';
import { readService, serviceChanged, watchService } from '../parts/service.js';
import { can, path, urls } from '../core/session.js';
import { toast } from '../core/toasts.js';
import { t } from '../core/words.js';
import { sentence } from '../parts/findings.js';

const EVERY = 20_000; // milliseconds between two looks at readiness; parts/service.js reads the rest more often

/**
 * @typedef {object} Trouble
 * @property {'bad' | 'waiting' | 'unknown'} state
 * @property {string} text
 * @property {string} [hint]
 * @property {{label: string, run: () => Promise<unknown>}} [action]
 * @property {{label: string, href: string}} [link]
 */

/** @type {Trouble[]} */
let troubles = [];
let known = false, timer = 0;
/** What was found last. @type {{checks?: Record<string, string>, problems: Finding[]}} */
const found = { problems: [] };
/** @type {ReturnType<typeof sheet> | undefined} */
let opened;

export function startHealth() {
  if (!document.querySelector('[data-shell=health]')) return;
  document.addEventListener('visibilitychange', () => { if (!document.hidden) look(); });
  addEventListener('offline', unreached);
  onReached((yes) => { if (!yes) unreached(); });
  addEventListener('picasso:back', look);
  if (can('jobs:read')) watchService(({ health }) => tell({ problems: health }));
  look();
}

export async function look() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    const [checks] = await Promise.all([readiness(), can('jobs:read') ? readService() : undefined]);
    tell({ checks });
  } catch (error) {
    if (/** @type {Problem} */ (error).status) show([{ state: 'bad', text: /** @type {Error} */ (error).message }]);
    else unreached();
  }
  timer = setTimeout(look, EVERY);
}

/** Without an answer nothing is known of the service; only who is online knows that it is the service's fault. */
function unreached() {
  if (navigator.onLine) show([{ state: 'bad', text: t('The server can’t be reached.') }]);
  else show([{ state: 'unknown', text: t('You are offline: how the service is, is not known.') }]);
}

/** @param {Partial<typeof found>} news */
function tell(news) {
  const { checks, problems } = Object.assign(found, news);
  // That all is well is said when both are known.
  if (checks || problems.length) show([...problems.map(troubleOf), ...failedChecks(checks ?? {}, problems)]);
}

/** What each check says: "ok" or a sentence. Throws a `Problem` without an answer of the service. @returns {Promise<Record<string, string>>} */
async function readiness() {
  const answer = await fetch(urls.ready, { headers: { Accept: 'application/json' }, cache: 'no-store' }).catch(() => undefined);
  const checks = (await answer?.json().catch(() => null))?.checks;
  if (checks) return checks;
  if (!answer) reached(false);
  throw new Problem(answer?.status ?? 0);
}

/** What else the service needs. @type {Record<string, () => Pick<Trouble, 'text' | 'hint'>>} */
const CHECKS = {
  worker: () => ({ text: t('Processing is stopped: no worker runs.'), hint: t('Uploads are stored and wait. Start a worker: picasso worker') }),
  database: () => ({ text: t('The database does not answer.'), hint: t('Nothing can be uploaded until it does.') }),
  storage: () => ({ text: t('Files can’t be stored.'), hint: t('The disk may be full or read-only.') }),
  broker: () => ({ text: t('The message broker does not answer.'), hint: t('Uploads are stored, and their jobs wait until it is back.') }),
  scanner: () => ({ text: t('The virus scanner does not answer.'), hint: t('New files wait for their scan.') }),
};

/** @param {Record<string, string>} checks @param {Finding[]} problems @returns {Trouble[]} */
const failedChecks = (checks, problems) => Object.entries(checks)
  .filter(([name, outcome]) => outcome !== 'ok' && !(name === 'worker' && problems.some(({ code }) => code === 'no-worker')))
  .map(([name, outcome]) => ({ state: 'bad', text: `${name}: ${outcome}`, ...CHECKS[name]?.() }));

/** @typedef {import('../parts/findings.js').Finding} Finding */

/** @param {Finding} problem @returns {Trouble} */
const troubleOf = (problem) => ({
  state: problem.level === 'fault' ? 'bad' : 'waiting',
  text: sentence(problem),
  ...HELP[problem.code]?.(problem),
  ...linkOf(problem),
});

/** What helps. @type {Record<string, (problem: Finding) => Partial<Trouble>>} */
const HELP = {
  'no-worker': ({ queue }) => (queue ? {} : { hint: t('Uploads are stored and wait. Start a worker: picasso worker') }),
  'queue-paused': ({ queue }) => ({
    hint: t('Its jobs wait until it is resumed.'),
    ...(can('service:admin') && { action: { label: t('Resume {name}', { name: queue }), run: () => resume(queue) } }),
  }),
};

/** The page that has the button, if there is one here. @param {Finding} problem @returns {Partial<Trouble>} */
function linkOf({ where }) {
  const view = where.split('/')[1];
  return document.querySelector(`[data-nav="${CSS.escape(view)}"]`) ? { link: { label: t('Show'), href: path(where.replace(/^\//, '')) } } : {};
}

/** @param {string} name */
async function resume(name) {
  try {
    await api(`queues/${encodeURIComponent(name)}/resume/`, { method: 'POST' });
    toast(t('The queue {name} runs again.', { name }));
  } catch (error) {
    toast(/** @type {Error} */ (error).message, { bad: true });
  }
  await serviceChanged().catch(() => {});
}

/** @param {Trouble[]} next */
function show(next) {
  troubles = next;
  known = true;
  const button = /** @type {HTMLElement | null} */ (document.querySelector('[data-shell=health]'));
  if (!button) return;
  const words = summary();
  button.dataset.state = troubles[0]?.state ?? 'good';
  const text = /** @type {HTMLElement} */ (button.querySelector('.health-words'));
  if (text.textContent !== words) text.textContent = words;
  opened?.update();
}

function summary() {
  if (!known) return t('Checking…');
  if (!troubles.length) return t('All is well');
  return troubles.length === 1 ? troubles[0].text : t('{text} And {n} more.', { text: troubles[0].text, n: troubles.length - 1 });
}

export function openHealth() {
  opened = sheet({ title: t('State of the service'), content, actions: links, onClose: () => { opened = undefined; } });
  look();
}

/** @param {() => void} close */
const content = (close) => html`<div class="dialog-body health-list">
  ${troubles.length ? nothing : html`<p>${summary()}</p>`}
  ${repeat(troubles, ({ text }) => text, ({ state, text, hint, action, link }) => html`
    <div class=${`notice ${state}`}>
      <p><strong>${text}</strong></p>
      ${hint ? html`<p>${hint}</p>` : nothing}
      <p class="actions">
        ${action ? html`<button class="button" type="button" @click=${action.run}>${action.label}</button>` : nothing}
        ${link ? html`<a class="button" href=${link.href} @click=${close}>${link.label}</a>` : nothing}
      </p>
    </div>`)}
</div>`;

/** @param {() => void} close */
const links = (close) => html`${document.querySelector('[data-nav=system]')
  ? html`<a class="button" href=${path('system/')} @click=${close}>${t('Open System')}</a>` : nothing}`;
