// What happens in the project, as it happens: one connection for all windows of the browser. The window that holds a lock
// has the connection and tells the others.

import { reached } from './api.js';
import { apiRoot, can, me, newestEvent, root } from './session.js';
import { language } from './words.js';

/**
 * @typedef {object} LiveEvent docs/events.md
 * @property {number} seq
 * @property {string} type such as "file.processed", or "reset": events were lost, so read the state anew
 * @property {Record<string, any>} data
 */

/** @typedef {'live' | 'connecting' | 'offline'} Status */

const SLICE = 20; // milliseconds of work on events between two looks at what the person does
const FIRST_PAUSE = 500, LAST_PAUSE = 30_000; // milliseconds between two attempts

const NAME = `picasso-live ${root} ${me?.project}`;

/** @type {Set<{types: string[], handler: (event: LiveEvent) => void}>} */
const followers = new Set();
/** @type {Set<(status: Status) => void>} */
const watchers = new Set();
/** @type {Status} */
let current = 'connecting';
/** The number of the newest event that this window knows. @type {number | undefined} */
let position = newestEvent;
/** @type {import('../../client/events.js').EventStream | undefined} */
let stream;
/** @type {BroadcastChannel | undefined} */
let channel;
let started = false;
/** Whether another window has told that it is connected. */
let joined = false;
/** Ends the pause between two attempts. */
let wake = () => {};
/** Makes an error after which the stream tries again. @type {(cause: unknown) => Error} */
let noAnswer;

export const status = () => current;

/**
 * Hear of each event of these types, until the returned function is called. A handler also gets every `reset`.
 * @param {string | string[]} types such as "file.*"
 * @param {(event: LiveEvent) => void} handler
 */
export function follow(types, handler) {
  const entry = { types: [types].flat(), handler };
  followers.add(entry);
  start();
  return () => { followers.delete(entry); };
}

/** Hear of each change of the connection, and of its present state at once. @param {(status: Status) => void} handler */
export function onStatus(handler) {
  watchers.add(handler);
  handler(current);
  return () => { watchers.delete(handler); };
}

/** Connect again now, without waiting for the next attempt. */
export function reconnect() {
  if (current === 'live') return;
  stream?.close();
  wake();
}

function start() {
  if (started || !can('events:read')) return;
  started = true;
  channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel(NAME) : undefined;
  channel?.addEventListener('message', ({ data }) => heard(data));
  channel?.postMessage({ question: true });
  if (navigator.locks && channel) navigator.locks.request(NAME, () => lead()).catch(() => {});
  else leadWhileVisible();
}

/** Without a secure context there are no locks: each window has a connection of its own, of the few that a browser allows. */
function leadWhileVisible() {
  document.addEventListener('visibilitychange', () => { if (document.hidden) stream?.close(); else wake(); });
  lead(() => !document.hidden);
}

/** @param {{question?: true, events?: LiveEvent[], status?: Status, at?: number}} message from another window */
function heard({ question, events, status: theirs, at }) {
  if (question && stream) channel?.postMessage({ status: current, at: position });
  if (theirs && !stream) join(theirs, at);
  events?.forEach(deliver);
}

/** The window with the connection has this status, and has told of all events up to this one. @param {Status} theirs @param {number} [at] */
function join(theirs, at) {
  setStatus(theirs);
  if (theirs !== 'live' || joined) return;
  joined = true;
  // It told of those before this window listened.
  if (newestEvent === undefined || at === undefined || at > newestEvent) deliver(RESET);
}

/** Have the connection as long as this window is there. @param {() => boolean} [wanted] whether it may have one now */
async function lead(wanted = () => true) {
  for (let failures = 0; ;) {
    try {
      await connect(wanted);
      failures = 0;
    } catch (/** @type {any} */ error) {
      setStatus('offline');
      if (error?.status === 401 || error?.status === 403) return;
      failures += 1;
    }
    await pause(wanted() ? Math.min(FIRST_PAUSE * 2 ** failures, LAST_PAUSE) : undefined);
  }
}

/** Pass on what happens until the connection is closed. @param {() => boolean} wanted */
async function connect(wanted) {
  // Loaded after the first view.
  const [{ EventStream }, errors] = await Promise.all([import('../../client/events.js'), import('../../client/errors.js')]);
  noAnswer = errors.noAnswer;
  if (!wanted()) return;
  const after = position;
  stream = new EventStream(/** @type {any} */ (service), { after });
  let began = performance.now();
  stream.opened.then((at) => {
    position ??= at;
    // What happened between the first look of a view and now is in no event, unless the page knew where it began.
    if (after === undefined) pass(RESET);
  }, () => {});
  for await (const event of stream) {
    pass(/** @type {any} */ (event));
    if (performance.now() - began < SLICE) continue;
    await nextTask();
    began = performance.now();
  }
}

/** Until `wake`, or so many milliseconds. @param {number | undefined} milliseconds */
const pause = (milliseconds) => new Promise((done) => {
  wake = () => done(undefined);
  if (milliseconds !== undefined) setTimeout(done, milliseconds);
});

/* Thousands of events may come at once. So that the page answers meanwhile, they are told of in short tasks. */

/** @type {LiveEvent[]} */
const waiting = [];
const tasks = new MessageChannel();
tasks.port1.addEventListener('message', () => turns.shift()?.());
tasks.port1.start();
/** @type {(() => void)[]} */
const turns = [];

/** Unlike a timer it is not slowed down while the window is hidden. @returns {Promise<void>} */
const nextTask = () => new Promise((done) => { turns.push(done); tasks.port2.postMessage(null); });

/** To all windows, soon. @param {LiveEvent} event */
function pass(event) {
  if (waiting.push(event) === 1) nextTask().then(tell);
}

function tell() {
  const began = performance.now(), told = [];
  do {
    const event = /** @type {LiveEvent} */ (waiting.shift());
    told.push(event);
    try { deliver(event); } catch (error) { reportError(error); }
  } while (waiting.length && performance.now() - began < SLICE);
  channel?.postMessage({ events: told });
  if (waiting.length) nextTask().then(tell);
}

/** What the stream needs of a service. */
const service = {
  root: new URL(apiRoot, location.href).href,
  /** @param {string} method @param {string} url @param {{headers: Record<string, string>, signal: AbortSignal}} sending */
  async exchange(method, url, { headers, signal }) {
    setStatus(current === 'offline' ? 'offline' : 'connecting');
    const narrowed = me?.kind === 'session' ? { 'Picasso-Project': me.project } : {};
    try {
      const response = await fetch(url, { method, signal, headers: { ...headers, ...narrowed, 'Accept-Language': language } });
      setStatus(response.ok ? 'live' : 'offline');
      if (response.ok) reached(true);
      return response;
    } catch (error) {
      if (!signal.aborted) { setStatus('offline'); reached(false); }
      throw signal.aborted ? error : noAnswer(error);
    }
  },
};

/** @param {Status} next */
function setStatus(next) {
  if (next === current) return;
  current = next;
  if (stream) channel?.postMessage({ status: next, at: position });
  watchers.forEach((watcher) => watcher(next));
}

/** @type {LiveEvent} */
const RESET = { seq: -1, type: 'reset', data: {} };

/** @param {LiveEvent} event */
function deliver(event) {
  if (event.type !== 'reset' && typeof event.seq === 'number') {
    if (position !== undefined && event.seq <= position) return;
    position = event.seq;
  }
  for (const { types, handler } of followers) if (event.type === 'reset' || types.some((type) => matches(type, event.type))) handler(event);
}

/** @param {string} wanted @param {string} type */
const matches = (wanted, type) => wanted === '*' || wanted === type || (wanted.endsWith('.*') && type.startsWith(wanted.slice(0, -1)));
