// Why an upload was refused or failed: the rule, and what one can do.

import { bytes, exactBytes, number } from '../core/format.js';
import { t } from '../core/words.js';
import { Unreadable } from './content.js';

/** A file that the page does not send, since the service would refuse it. It has a code and a problem as a `Trouble`. */
export class Refusal extends Error {
  constructor(code, problem = {}) {
    super(code);
    this.code = code;
    this.problem = problem;
  }
}

/** What is known before anything is sent. @param {File} file @param {number} limit bytes; 0 without one */
export function refusalOf(file, limit) {
  if (!file.size) return new Refusal('empty-file');
  return limit && file.size > limit ? new Refusal('too-large', { max_size: limit }) : null;
}

/** The same answer would come again. */
const HOPELESS = new Set(['empty-file', 'too-large', 'type-not-allowed', 'forbidden-content', 'invalid-field', 'unsupported-media-type', 'forbidden']);

export const canRetry = (trouble) => !(trouble instanceof Unreadable) && !HOPELESS.has(trouble.code) && !trouble.tooMuchAtOnce;

/** The sentences for people. @param {Error} trouble @param {File} file */
export function explained(trouble, file) {
  if (trouble instanceof Unreadable) return t('The file can’t be read, or has changed since it was chosen. Choose it again.');
  if (trouble.tooMuchAtOnce) return t('A proxy in front of the service refuses requests of this size. An administrator can raise its limit.');
  const known = SENTENCES[trouble.code]?.(trouble.problem, file);
  return known || [trouble.message, REMEDIES[trouble.code]?.()].filter(Boolean).join(' ');
}

const SENTENCES = {
  'empty-file': () => t('The file is empty.'),
  'too-large': ({ max_size: limit }, file) => limit && `${tooLarge(file.size, limit)} ${t('Choose a smaller file.')}`,
  'quota-exceeded': ({ quota }) => quota && `${usedUp(quota)} ${TO_DO[quota.name]?.() ?? ''}`.trim(),
  'type-not-allowed': ({ detail, supported }) => supported && `${detail} ${t('Accepted: {types}.', { types: supported.join(', ') })}`,
};

const REMEDIES = {
  'storage-full': () => t('What was sent is kept. Retry when there is space again.'),
  'unfinished-full': () => t('What was sent is kept. Cancel or finish other uploads, then retry.'),
  unauthorized: () => t('Sign in again, then retry.'),
  'forbidden-content': () => t('Upload a copy without it.'),
};

/** In bytes where the sizes would look the same. */
function tooLarge(size, limit) {
  const words = bytes(size) === bytes(limit) ? exactBytes : bytes;
  return t('This file is {size}, and the limit is {limit}.', { size: words(size), limit: words(limit) });
}

function usedUp({ name, limit, used }) {
  const words = name.includes('bytes') ? bytes : number;
  return t('The quota is used up: {used} of {limit}.', { used: words(used), limit: words(limit) });
}

const TO_DO = {
  bytes: () => t('Delete files, also from the trash, or ask an administrator for more.'),
  files: () => t('Delete files, also from the trash, or ask an administrator for more.'),
  bytes_per_day: () => t('It starts anew at midnight UTC.'),
  unfinished_bytes: () => t('Finish or cancel other uploads.'),
};
