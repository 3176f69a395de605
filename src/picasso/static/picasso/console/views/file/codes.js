// What is said of an error of a job: why it happened, what one can do, and whether a retry can help.

import { html, nothing } from '../../core/html.js';
import { visible } from '../../core/format.js';
import { t } from '../../core/words.js';
import codes from './job_codes.js';

/** @param {string} code @returns {{cause: string, remedy: string, permanent: boolean} | undefined} for a code that is known here */
export const about = (code) => codes[code];

/** Cause and remedy. @param {string} code */
export function explanation(code) {
  const known = about(code);
  if (!known) return nothing;
  return html`<p class="cause">${withCode(t(known.cause))}</p><p class="remedy"><strong>${t('What you can do:')}</strong> ${withCode(t(known.remedy))}</p>`;
}

/** `words` in backticks as code. */
const withCode = (text) => text.split('`').map((part, place) => (place % 2 ? html`<code>${visible(part)}</code>` : part));
