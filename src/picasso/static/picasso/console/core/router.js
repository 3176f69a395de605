// Shows the view of the address. Links are plain <a href>; Back returns to where one was.

import { announce } from './toasts.js';
import { match } from './routes.js';
import { root } from './session.js';
import { loadWords, t } from './words.js';

/**
 * What a view gets.
 * @typedef {object} Context
 * @property {Record<string, string>} params of the path
 * @property {URLSearchParams} query
 * @property {typeof navigate} navigate
 * @property {AbortSignal} signal aborted when the view is left
 * @property {(title: string) => void} setTitle of the window, such as a file's name
 * @property {boolean} back whether somebody came back to it: it has the place that it had
 */

/**
 * @typedef {object} View
 * @property {string | ((context: Context) => string)} title in English, or made by the view
 * @property {(root: HTMLElement, context: Context) => Mounted | Promise<Mounted>} mount
 */

/** @typedef {{update?: (context: Context) => unknown, unmount?: () => void}} Mounted */

const main = /** @type {HTMLElement} */ (document.getElementById('view'));
const statics = document.body.dataset.static ?? '';

/** Whether the page has no views: that of the API reference. */
const alone = document.body.dataset.alone !== undefined;

/** @type {{name: string, mounted: Mounted, leave: AbortController, root: HTMLElement} | undefined} */
let shown;
let turn = 0;
/** @type {Set<(view: string, path: string) => void>} */
const listeners = new Set();

/** Called with the name of each view that is shown. @param {(view: string, path: string) => void} listener */
export const onNavigate = (listener) => { listeners.add(listener); };

/** The path below the prefix. */
const pathOf = (/** @type {URL | Location} */ { pathname }) => pathname.slice(root.length) || '/';

/**
 * Go to an address of the console.
 * @param {string} url a path with the prefix, a query ("?q=x"), or a whole URL
 * @param {{replace?: boolean, focus?: boolean}} [options] `replace`: no new entry in the history, and the place stays
 */
export async function navigate(url, { replace = false, focus = !replace } = {}) {
  const target = new URL(url, location.href);
  if (alone || target.origin !== location.origin || !match(pathOf(target))) return location.assign(target);
  keepPlace();
  history[replace ? 'replaceState' : 'pushState'](replace ? history.state : { key: newKey() }, '', target);
  await show({ focus, back: false, keep: replace });
}

export { path } from './session.js';

/** Show the address, and follow links and the history from now on. */
export async function start() {
  history.scrollRestoration = 'manual';
  if (!history.state?.key) history.replaceState({ key: newKey() }, '');
  document.addEventListener('click', followLink);
  addEventListener('popstate', () => { show({ focus: false, back: true }); });
  addEventListener('pagehide', keepPlace);
  addEventListener('scroll', () => { clearTimeout(scrolled); scrolled = setTimeout(keepPlace, 150); }, { passive: true });
  await show({ focus: false, back: true });
}

const newKey = () => Math.random().toString(36).slice(2, 10);

/** @param {MouseEvent} event */
function followLink(event) {
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
  if (!(link instanceof HTMLAnchorElement) || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if ((link.target && link.target !== '_self') || link.hasAttribute('download') || link.origin !== location.origin) return;
  if (link.hash && link.pathname === location.pathname && link.search === location.search) return;
  if (!match(pathOf(new URL(link.href)))) return;
  event.preventDefault();
  navigate(link.href);
}

/* ---- Showing ---- */

/** @param {{focus: boolean, back: boolean, keep?: boolean}} how */
async function show({ focus, back, keep = false }) {
  const mine = ++turn, found = match(pathOf(location)), place = back ? kept() : 0;
  if (!found) return location.reload();
  recording = keep;
  clearTimeout(scrolled);
  // A view without `update` is mounted anew.
  const same = shown?.name === found.view && shown.mounted.update !== undefined;
  const leave = same && shown ? shown.leave : new AbortController();
  const context = contextOf(found.params, leave.signal, back);
  main.setAttribute('aria-busy', 'true');
  try {
    const view = await load(found.view);
    if (mine !== turn) return undefined;
    setTitle(typeof view.title === 'function' ? view.title(context) : t(view.title));
    listeners.forEach((listener) => listener(found.view, pathOf(location)));
    if (same && shown) await shown.mounted.update?.(context);
    else await replace(found.view, view, context, leave);
  } catch (error) {
    if (mine === turn && !leave.signal.aborted) await fail(error);
  }
  if (mine !== turn) return undefined;
  main.removeAttribute('aria-busy');
  document.documentElement.classList.add('js');
  if (!keep) arrive(focus, place);
  return undefined;
}

/** @param {Record<string, string>} params @param {AbortSignal} signal @param {boolean} back @returns {Context} */
const contextOf = (params, signal, back) => ({ params, query: new URLSearchParams(location.search), navigate, signal, setTitle, back });

/** @param {string} name @param {View} view @param {Context} context @param {AbortController} leave */
async function replace(name, view, context, leave) {
  const first = main.querySelector(`:scope > .view-${name}`);
  leaveShown();
  // What the server has drawn for this view is taken over by it.
  const place = /** @type {HTMLElement} */ (first && !shown ? first : Object.assign(document.createElement('div'), { className: `view view-${name}` }));
  if (place !== first) main.replaceChildren(place);
  place.querySelector('noscript')?.remove();
  const mine = shown = { name, mounted: /** @type {Mounted} */ ({}), leave, root: place };
  mine.mounted = (await view.mount(place, context)) ?? {};
  // It was left before it was there.
  if (leave.signal.aborted) mine.mounted.unmount?.();
}

function leaveShown() {
  shown?.leave.abort();
  shown?.mounted.unmount?.();
}

/** @param {string} name @returns {Promise<View>} */
async function load(name) {
  const folder = `../views/${name}`;
  const [view] = await Promise.all([import(`${folder}/view.js`), stylesheet(`${statics}console/views/${name}/view.css`), loadWords(() => import(`${folder}/ru.js`))]);
  return view;
}

/** @type {Map<string, Promise<unknown>>} */
const sheets = new Map();

/** Add a stylesheet once, and wait for it. @param {string} href */
function stylesheet(href) {
  if (!sheets.has(href)) sheets.set(href, linked(href));
  return sheets.get(href);
}

/** @param {string} href */
function linked(href) {
  const there = [...document.querySelectorAll('link[rel=stylesheet]')].some((each) => each.getAttribute('href') === href);
  if (there) return Promise.resolve();
  const link = Object.assign(document.createElement('link'), { rel: 'stylesheet', href });
  const loaded = new Promise((done) => { link.onload = link.onerror = done; });
  document.head.append(link);
  return loaded;
}

/** @param {unknown} error */
async function fail(error) {
  console.error(error);
  const { html, icon, render } = await import('./html.js');
  leaveShown();
  shown = undefined;
  const place = document.createElement('div');
  main.replaceChildren(place);
  render(html`<div class="state state-error" role="alert">
    ${icon('warning')}<h1>${t('This view can’t be shown.')}</h1>
    <p>${t('The service can’t be reached, or it was updated. Load the page again.')}</p>
    <p class="actions"><button class="button primary" type="button" @click=${() => location.reload()}>${t('Load again')}</button></p>
  </div>`, place);
}

/** @param {string} title */
export function setTitle(title) {
  base = title ? `${title} · Picasso` : 'Picasso';
  document.title = `${prefix}${base}`;
}
let base = document.title, prefix = '';

/** What stands before every title, such as "37 % ". @param {string} text */
export function setTitlePrefix(text) {
  prefix = text;
  document.title = `${prefix}${base}`;
}

/* ---- The place in the page ---- */

let recording = false, scrolled = 0;
const placeKey = () => `picasso-place ${history.state?.key}`;

function keepPlace() {
  if (!recording) return;
  try { sessionStorage.setItem(placeKey(), String(Math.round(scrollY))); } catch { /* the storage is full or forbidden */ }
}

function kept() {
  try { return Number(sessionStorage.getItem(placeKey())) || 0; } catch { return 0; }
}

/** @param {boolean} focus @param {number} place */
function arrive(focus, place) {
  if (focus) {
    main.focus({ preventScroll: true });
    announce(document.title);
  }
  if (place) return restore(place);
  scrollTo(0, 0);
  recording = true;
}

/** Scroll there as soon as the page is long enough, unless somebody scrolls meanwhile. @param {number} place */
function restore(place) {
  const over = new AbortController(), mine = turn;
  const reach = () => {
    if (mine !== turn) return over.abort();
    scrollTo(0, place);
    return scrollY >= place - 2 && over.abort();
  };
  const observer = new ResizeObserver(reach);
  over.signal.addEventListener('abort', () => { observer.disconnect(); recording = mine === turn || recording; });
  for (const event of ['wheel', 'touchmove', 'keydown', 'pointerdown']) addEventListener(event, () => over.abort(), { signal: over.signal, passive: true });
  setTimeout(() => over.abort(), 10_000);
  observer.observe(main);
  reach();
}
