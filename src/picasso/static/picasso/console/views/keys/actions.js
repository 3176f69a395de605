// What is done with a key at once: revoking it, and showing its signing secret.

import { api } from '../../core/api.js';
import { confirm } from '../../core/dialogs.js';
import { visible } from '../../core/format.js';
import { toast } from '../../core/toasts.js';
import { t } from '../../core/words.js';
import { showSecrets } from '../../parts/secret.js';

/** Resolves with whether it is revoked. */
export async function revoke(key) {
  const sure = await confirm({
    title: t('Revoke this key?'),
    text: t('“{name}” and all of its tokens are refused everywhere within five seconds. This can’t be undone. To replace a key without a gap, rotate it.', { name: visible(key.name) }),
    action: t('Revoke'),
    danger: true,
  });
  if (!sure) return false;
  await api(`keys/${key.id}/`, { method: 'DELETE' });
  toast(t('The key is revoked.'));
  return true;
}

export async function showSigningSecret(key) {
  const { kid, signing_secret: secret } = await api(`keys/${key.id}/signing-secret/`, { method: 'POST' });
  await showSecrets({
    title: t('Signing secret'),
    text: t('With it a server signs tokens of this key itself (HS256). Whoever has it can make tokens with all rights of the key. That it was shown is in the audit.'),
    secrets: [{ label: t('Signing secret'), value: secret }, { label: 'kid', value: kid }],
  });
}
