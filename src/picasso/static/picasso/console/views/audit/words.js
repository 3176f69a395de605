// Actions and outcomes of the audit, in words.

import { t } from '../../core/words.js';

const actions = () => ({
  'file.delete': t('Deleted a file'),
  'file.restore': t('Restored a file'),
  'file.update': t('Changed a file'),
  'file.download': t('Downloaded a file'),
  'file.trash': t('Moved a file to the trash'),
  'file.expire': t('A file expired'),
  'file.quarantine': t('Put a file in quarantine'),
  'file.release': t('Released a file from quarantine'),
  'file.batch': t('Changed many files'),
  'file.batch.stop': t('Stopped a change of many files'),
  'upload.expire': t('An upload expired'),
  'upload.delete': t('Cancelled an upload'),
  'import.create': t('Began an import'),
  'import.retry': t('Tried an import again'),
  'import.cancel': t('Cancelled an import'),
  'job.retry': t('Retried a job'),
  'job.cancel': t('Cancelled a job'),
  'reprocess.start': t('Began to process older files again'),
  'reprocess.stop': t('Stopped processing older files again'),
  'reprocess.resume': t('Went on processing older files again'),
  'request.denied': t('Denied a request'),
  'request.refused': t('Did not accept a request'),
  'queue.pause': t('Paused a queue'),
  'queue.resume': t('Resumed a queue'),
  'key.create': t('Created a key'),
  'key.update': t('Changed a key'),
  'key.revoke': t('Revoked a key'),
  'key.rotate': t('Rotated a key'),
  'key.show-secret': t('Showed a signing secret'),
  'links.rotate': t('Signs links with a new key'),
  'links.revoke': t('Ended all links'),
  'project.create': t('Created a project'),
  'project.update': t('Changed a project'),
  'project.delete': t('Deleted a project'),
  'project.webhook-secret': t('Made a new webhook secret'),
  'webhook.create': t('Created a webhook'),
  'webhook.update': t('Changed a webhook'),
  'webhook.delete': t('Deleted a webhook'),
  'webhook.rotate': t('Made a new webhook secret'),
  'webhook.test': t('Sent a test message'),
  'webhook.replay': t('Sent messages again'),
  'session.sign-in': t('Signed in'),
  'session.sign-out': t('Signed out'),
  'person.role': t('Changed a role'),
  'person.password': t('Set a new password'),
  'person.invite': t('Invited a person'),
  'person.withdraw-invitation': t('Ended an invitation'),
  'person.second-factor': t('Changed a second factor'),
  'person.passkey': t('Added, renamed or removed a passkey'),
  'person.sign-out': t('Ended all sessions of a person'),
  'person.activate': t('Let a person sign in again'),
  'person.deactivate': t('Let a person sign in no more'),
});

/** What an action is; its name for one that is not known here. */
export const actionInWords = (action) => actions()[action] ?? action;

const outcomes = () => ({ done: t('done'), denied: t('denied'), refused: t('refused'), failed: t('failed') });

export const outcomeInWords = (outcome) => outcomes()[outcome] ?? outcome;

export const kindOfOutcome = (outcome) => ({ done: 'good', failed: 'bad' })[outcome] ?? 'waiting';

const targets = () => ({
  file: t('file'), 'file-batch': t('many files'), upload: t('upload'), import: t('import'), job: t('job'), queue: t('queue'), reprocess: t('processing again'),
  key: t('key'), project: t('project'), webhook: t('webhook'), user: t('person'), token: t('token'), link: t('link'),
});

/** What kind of thing it was. */
export const targetInWords = (target) => targets()[target] ?? target;

const actors = () => ({
  key: t('key'), token: t('token'), user: t('person'), session: t('person'), link: t('link'), system: t('command line'), service: t('the service'), open: t('anybody'), anonymous: t('nobody known'),
});

/** Who it was, by kind. */
export const actorInWords = (kind) => actors()[kind] ?? kind;
