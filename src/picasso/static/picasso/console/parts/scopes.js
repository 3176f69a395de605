// What scopes allow, in words.

import { language, t } from '../core/words.js';

/** In the order in which they are shown. */
export const SCOPES = [
  'files:read', 'files:write', 'files:delete', 'events:read', 'jobs:read', 'jobs:write', 'webhooks:write',
  'jobs:work', 'files:quarantine', 'project:admin', 'service:admin',
];

/** Those that only special programs or administrators need. */
export const STRONG = new Set(['jobs:work', 'files:quarantine', 'project:admin', 'service:admin']);

const words = () => ({
  'files:read': t('see and download files'),
  'files:write': t('upload and change files'),
  'files:delete': t('delete files'),
  'events:read': t('follow events'),
  'jobs:read': t('see jobs and queues'),
  'jobs:write': t('retry and cancel jobs'),
  'webhooks:write': t('manage webhooks'),
  'jobs:work': t('work on jobs as a remote processor'),
  'files:quarantine': t('download files that may have malware'),
  'project:admin': t('manage keys, people and settings of the project'),
  'service:admin': t('manage all projects and queues'),
});

/** @param {string} scope */
export const scopeInWords = (scope) => words()[scope] ?? scope;

/** The scopes as one list of words: "see and download files, follow events". */
export function scopesInWords(scopes) {
  const known = SCOPES.filter((scope) => scopes.includes(scope));
  const found = [...known, ...scopes.filter((scope) => !SCOPES.includes(scope))].map(scopeInWords);
  return new Intl.ListFormat(language).format(found);
}
