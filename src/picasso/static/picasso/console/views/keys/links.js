// The keys that sign links to private files.

import { api } from '../../core/api.js';
import { confirm } from '../../core/dialogs.js';
import { toast } from '../../core/toasts.js';
import { t } from '../../core/words.js';

export async function rotateLinks() {
  const sure = await confirm({
    title: t('Sign links with a new key?'),
    text: t('New links are signed with a new key. Links of before stay valid until they expire, a week at the longest.'),
    action: t('Sign with a new key'),
  });
  if (!sure) return;
  await api('link-keys/rotate/', { method: 'POST' });
  toast(t('New links are signed with a new key.'));
}

export async function endLinks() {
  const sure = await confirm({
    title: t('End all links of this project?'),
    text: t('Every link to a private file that was ever handed out stops working within five seconds: in mails, in pages that are open, in other applications. This can’t be undone; new links work.'),
    action: t('End all links'),
    danger: true,
  });
  if (!sure) return;
  await api('link-keys/revoke/', { method: 'POST' });
  toast(t('All links of before have ended.'));
}
