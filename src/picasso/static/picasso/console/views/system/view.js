// System: what is wrong, figures over time, queues with their switches, workers, disk, checks, settings. docs/console.md

import { api } from '../../core/api.js';
import { html, nothing, render } from '../../core/html.js';
import { readService, serviceChanged, watchService } from '../../parts/service.js';
import { can } from '../../core/session.js';
import { loadWords, t } from '../../core/words.js';
import { refreshing } from '../jobs/refresh.js';
import { failure, loading } from '../jobs/states.js';
import { checks } from './checks.js';
import { figures, Figures } from './figures.js';
import { healthList } from './health.js';
import { agreesToPause, queuesCard, switchQueue } from './queues.js';
import { settingsCard } from './settings.js';
import { storageCard } from './storage.js';
import { workersCard } from './workers.js';

export const title = 'System';

/** Milliseconds between two reads: without news, and with news at least. What is read counts all jobs that wait. */
const PAUSE = 15_000, NEWS = 5000;

/** @param {HTMLElement} root @param {import('../../core/router.js').Context} context */
export async function mount(root, { signal }) {
  // It shares the states of a view with the jobs.
  await loadWords(() => import('../jobs/ru.js'));
  const system = new System(root, signal);
  system.start();
  return { update: () => jump(root), unmount: () => render(nothing, root) };
}

class System {
  /** @param {HTMLElement} root @param {AbortSignal} signal */
  constructor(root, signal) {
    Object.assign(this, { root, signal });
    /** @type {any} */
    this.now = undefined;
    /** @type {any[]} */
    this.loads = [];
    this.problem = undefined;
    this.busy = '';
    this.jumped = false;
    this.figures = new Figures(signal, () => this.draw());
    /** Read once, as they change rarely or cost more. @type {Record<string, any>} */
    this.once = {};
  }

  start() {
    this.draw();
    this.run = refreshing({ types: ['job.*'], read: () => this.read(), pause: () => PAUSE, least: NEWS, signal: this.signal });
    this.run();
    this.signal.addEventListener('abort', watchService((now) => this.hear(now)));
    addEventListener('picasso:back', () => this.readAgain(), { signal: this.signal });
    this.figures.start();
    this.readOnce('storage', () => api('system/storage/', { query: { of: can('service:admin') ? 'service' : 'project' }, signal: this.signal }));
    if (!can('service:admin')) return;
    this.readOnce('checks', () => api('system/checks/', { signal: this.signal }));
    this.readOnce('settings', () => api('system/settings/', { signal: this.signal }));
  }

  async read() {
    try {
      const [now, loads] = await Promise.all([readService(), api('queues/', { signal: this.signal })]);
      Object.assign(this, { now, loads, problem: undefined });
    } catch (problem) {
      if (this.signal.aborted) return;
      this.problem = problem;
    }
    this.draw();
  }

  /** What parts/service.js has read meanwhile, once the view has read itself: before, that may be of a service of before. @param {any} now */
  hear(now) {
    if (!this.now) return;
    this.now = now;
    this.draw();
  }

  /** @param {string} name @param {() => Promise<any>} read */
  async readOnce(name, read) {
    this.once[name] = { busy: true, found: this.once[name]?.found, again: () => this.readOnce(name, read) };
    this.draw();
    try {
      this.once[name] = { found: await read(), again: () => this.readOnce(name, read) };
    } catch (problem) {
      if (this.signal.aborted) return;
      this.once[name] = { ...this.once[name], busy: false, problem };
    }
    this.draw();
  }

  /** What could not be read. */
  readAgain() {
    if (this.figures.problem) this.figures.read();
    for (const { problem, again } of Object.values(this.once)) if (problem) again();
  }

  /** @param {string} name @param {boolean} pause */
  async switchQueue(name, pause) {
    if (this.busy || (pause && !(await agreesToPause(name)))) return;
    this.busy = name;
    this.draw();
    await switchQueue(name, pause);
    await serviceChanged().catch(() => {});
    await this.read();
    this.busy = '';
    this.draw();
  }

  draw() {
    if (this.signal.aborted) return;
    render(page(this), this.root);
    if (this.now && !this.jumped) { this.jumped = true; jump(this.root); }
  }
}

/** To the part that the address names, as `/system/#queues`. @param {HTMLElement} root */
function jump(root) {
  const part = location.hash.length > 1 ? root.querySelector(`[id="${CSS.escape(location.hash.slice(1))}"]`) : null;
  if (part instanceof HTMLElement) { part.scrollIntoView(); part.focus({ preventScroll: true }); }
}

/** @param {System} system */
function page(system) {
  const { now, loads, problem, once, busy } = system;
  const heading = html`<header class="view-head"><h1>${t('System')}</h1>${now ? html`<span class="soft small">Picasso ${now.version}</span>` : nothing}</header>`;
  if (!now) return html`${heading}${problem ? failure(problem, () => system.run?.()) : loading(8)}`;
  return html`${heading}
    <div class="stack">
      ${problem ? html`<p class="notice waiting" role="status">${t('This is the last known state: the server can’t be reached.')}</p>` : nothing}
      ${healthList(now.health)}
      ${figures(system.figures)}
      ${queuesCard(now.queues, loads, busy, (name, pause) => system.switchQueue(name, pause))}
      ${workersCard(now.workers)}
      ${storageCard(once.storage, now.disk)}
      ${can('service:admin') ? html`${checks(once.checks)}${settingsCard(once.settings)}` : nothing}
    </div>`;
}
