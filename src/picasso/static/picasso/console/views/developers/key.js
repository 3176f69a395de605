// A key for the quick starts: made only when somebody agrees, and with an end.

import { api, Problem, urlOf } from '../../core/api.js';
import { confirm } from '../../core/dialogs.js';
import { can } from '../../core/session.js';
import { toast } from '../../core/toasts.js';
import { t } from '../../core/words.js';
import { attempt } from '../../parts/attempt.js';
import { scopesInWords } from '../../parts/scopes.js';

const SCOPES = ['files:read', 'files:write', 'events:read'];
const DAYS = 7;

/** Resolves with the key, its token and its end, or undefined if the person does not agree. */
export async function makeKey() {
  const scopes = SCOPES.filter(can);
  const sure = await confirm({
    title: t('Make a key for the quick start?'),
    text: t('It may {actions} in this project, is listed under Keys as “Quick start”, and ends in a week. You can revoke it at any time.', { actions: scopesInWords(scopes) }),
    action: t('Make a key'),
  });
  return sure ? attempt(() => made(scopes)) : undefined;
}

async function made(scopes) {
  const expires = new Date(Date.now() + DAYS * 86_400_000).toISOString();
  const { id, key, expires_at } = await api('keys/', { method: 'POST', body: { name: 'Quick start', scopes, expires_at: expires } });
  return { id, key, expires_at, token: await tokenOf(key) };
}

/** A token of this key, asked for as a server does: without the session. */
async function tokenOf(key) {
  const response = await fetch(urlOf('tokens/'), {
    method: 'POST',
    credentials: 'omit',
    headers: { 'Authorization': `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ scopes: ['files:read', 'files:write'], valid_for: 3600 }),
  }).catch(() => { throw new Problem(0); });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(response.status, body);
  return body.token;
}

/** Whether it is revoked. */
export async function revokeKey({ id }) {
  return attempt(async () => {
    await api(`keys/${id}/`, { method: 'DELETE' });
    toast(t('The key is revoked.'));
    return true;
  });
}
