// Who is signed in, what they may do, and where things are. The server wrote it into the page.

/**
 * @typedef {object} Me
 * @property {'open' | 'session' | 'key' | 'token'} kind
 * @property {string} project its name
 * @property {string[]} scopes
 * @property {string | null} owner
 * @property {string | null} person
 */

const given = JSON.parse(document.getElementById('session')?.textContent ?? '{}');

/** @type {Me} */
export const me = given.me;
export const version = given.version;

const FRESH = 60_000; // milliseconds: a page that a browser has kept for longer shows an old state
/** The number of the newest event when the page was made: what it shows is no older. Undefined if that is not known. @type {number | undefined} */
export const newestEvent = Math.abs(Date.now() - Date.parse(given.now)) < FRESH ? given.newestEvent ?? undefined : undefined;
/** Bytes of one file; null without a limit. @type {number | null} */
export const maxUploadSize = given.maxUploadSize;
/** Paths of pages: home, account, sign_out, admin, docs, api. @type {Record<string, string>} */
export const urls = given.urls;

/** The prefix that the service is served below, without a slash at its end. */
export const root = document.body.dataset.root ?? '';
/** The path of the API, with a slash at its end. */
export const apiRoot = document.body.dataset.api ?? '';

/** Whether this scope is given, such as "jobs:write". @param {string} scope */
export const can = (scope) => Boolean(me?.scopes.includes(scope));

/** The path of a page of the console, with the prefix: `path("jobs/")`. @param {string} [rest] */
export const path = (rest = '') => `${root}/${rest}`;

/** The whole address of a path of the service, such as "api/…": for commands to copy. @param {string} path */
export const absolute = (path) => new URL(`${root}/${path.replace(/^\//, '')}`, location.href).href;
