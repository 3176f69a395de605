// The types of events, in words.

import { t } from '../../core/words.js';

/** As a person chooses them; `scope` is what one needs besides. */
export const GROUPS = [
  { types: ['file.*', 'file.received', 'file.processed', 'file.failed', 'file.scanned', 'file.updated', 'file.deleted', 'file.restored'] },
  { types: ['upload.*', 'import.*', 'webhook.disabled'] },
  { types: ['job.*', 'job.failed', 'job.retried', 'job.cancelled', '*'], scope: 'jobs:read' },
];

const words = () => ({
  '*': t('everything'),
  'file.*': t('all of files'),
  'file.received': t('an upload has become a file'),
  'file.processing': t('processing has begun, or has come further'),
  'file.processed': t('a file is ready'),
  'file.failed': t('processing has failed'),
  'file.scanned': t('the scan for malware has a verdict'),
  'file.updated': t('a description was changed'),
  'file.deleted': t('a file was deleted'),
  'file.restored': t('a file was taken out of the trash'),
  'upload.*': t('all of uploads'),
  'upload.started': t('a resumable upload has begun'),
  'upload.expired': t('an upload was given up'),
  'import.*': t('all of imports'),
  'job.*': t('all of jobs'),
  'job.failed': t('an attempt at a job has failed'),
  'job.retried': t('a job runs once more'),
  'job.cancelled': t('a job was cancelled'),
  'webhook.disabled': t('a webhook was disabled'),
  'webhook.test': t('a test message'),
});

/** What a type means; empty for one that is not known here. */
export const typeInWords = (type) => words()[type] ?? '';
