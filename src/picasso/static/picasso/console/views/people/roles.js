// Roles, in words.

import { t } from '../../core/words.js';

export const ROLES = ['viewer', 'operator', 'admin'];

const words = () => ({
  viewer: t('Viewer: sees files, jobs and events'),
  operator: t('Operator: also uploads, deletes, retries, manages webhooks'),
  admin: t('Administrator: everything, also keys, people and settings'),
});

/** @param {string} role */
export const roleInWords = (role) => words()[role] ?? role;
