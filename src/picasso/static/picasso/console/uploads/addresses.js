// Where uploads and files are in this service. A page of another address would not reach the same session.

import { language } from '../core/words.js';
import { apiRoot, me, root } from '../core/session.js';

export const uploadsUrl = `${apiRoot}uploads/`;

/** With every request. What this window sends stays of one project, also when another window has changed to another one. */
export const HEADERS = {
  Accept: 'application/json',
  'Accept-Language': language,
  ...(me?.kind === 'session' && { 'Picasso-Project': me.project }),
};

/** @param {string} id of a file */
export const urlOf = (id) => `${apiRoot}files/${encodeURIComponent(id)}/`;

/** The address of a file's own page. @param {string} id */
export const pageOf = (id) => `${root}/files/${encodeURIComponent(id)}`;
