// Whether a key is valid, in words, and the filter by it.

import { html, ifDefined } from '../../core/html.js';
import { path as link } from '../../core/router.js';
import { t, tn } from '../../core/words.js';

const WEEK = 7 * 86_400_000; // milliseconds

export function stateOf({ revoked_at: revoked, expires_at: expires }) {
  const left = expires ? new Date(expires) - Date.now() : Infinity;
  if (revoked) return { name: 'ended', kind: 'bad', label: t('Revoked'), ended: true };
  if (left <= 0) return { name: 'ended', kind: 'bad', label: t('Expired'), ended: true };
  if (left < WEEK) return { name: 'active', kind: 'waiting', label: soon(left), ended: false };
  return { name: 'active', kind: 'good', label: t('Active'), ended: false };
}

function soon(left) {
  const hours = Math.ceil(left / 3_600_000);
  if (hours > 48) return tn('Ends in {n} day', 'Ends in {n} days', Math.round(hours / 24));
  return tn('Ends in {n} hour', 'Ends in {n} hours', hours);
}

export const isShown = (key, chosen) => !chosen || stateOf(key).name === chosen;

const NAMES = () => ({ '': t('All'), active: t('Valid'), ended: t('Ended') });

export const filters = (keys, chosen) => html`
  <nav class="tabs" aria-label=${t('States')}>
    ${Object.entries(NAMES()).map(([name, label]) => html`
      <a href=${link(`keys/${name ? `?state=${name}` : ''}`)} aria-current=${ifDefined(chosen === name ? 'page' : undefined)}>
        ${label} <span class="count">${keys.filter((key) => isShown(key, name)).length}</span></a>`)}
  </nav>`;
