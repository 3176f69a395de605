// The dialogs of projects.

import { api, Problem } from '../../core/api.js';
import { confirm } from '../../core/dialogs.js';
import { html } from '../../core/html.js';
import { t } from '../../core/words.js';
import { formDialog } from '../../parts/dialog.js';
import { areaField, lines, selectField, textField } from '../../parts/fields.js';
import { graceField, WEEK } from '../../parts/grace.js';
import { showSecrets } from '../../parts/secret.js';
import { editRule } from './rules.js';
import { parseSize, sizeText } from './sizes.js';

const change = (project, body) => api(`projects/${encodeURIComponent(project.name)}/`, { method: 'PATCH', body });

export const createProject = () => formDialog({
  title: t('New project'),
  action: t('Create'),
  body: ({ fault }) => textField({ name: 'name', label: t('Name'), required: true, maxlength: 64, fault: fault('name'), autofocus: true,
    hint: t('Letters, digits, hyphens and underscores. It stands in addresses.') }),
  run: (values) => api('projects/', { method: 'POST', body: { name: values.get('name').trim() } }),
});

/** What stays in the quotas besides is left as it is. */
export const editQuotas = (project) => formDialog({
  title: t('Quotas'),
  action: t('Save'),
  body: ({ fault }) => html`
    <p class="hint">${t('Empty is no limit. Sizes such as 500 MB or 1.5 TB, by units of 1000.')}</p>
    ${SIZES().map(([name, label]) => textField({ name, label, value: sizeText(project.quotas[name]), fault: fault(`quotas.${name}`), placeholder: t('no limit') }))}
    ${NUMBERS().map(([name, label]) => textField({ name, label, value: project.quotas[name] ?? '', inputmode: 'numeric', fault: fault(`quotas.${name}`), placeholder: t('no limit') }))}`,
  run: (values) => change(project, { quotas: {
    ...project.quotas,
    ...Object.fromEntries(SIZES().map(([name]) => [name, checked(`quotas.${name}`, parseSize(values.get(name)))])),
    ...Object.fromEntries(NUMBERS().map(([name]) => [name, wholeNumber(`quotas.${name}`, values.get(name))])),
  } }),
});

const SIZES = () => [['bytes', t('Stored at most')], ['bytes_per_day', t('Uploaded in a day at most')], ['unfinished_bytes', t('Unfinished uploads at most')]];
const NUMBERS = () => [['files', t('Files at most')], ['concurrent_uploads', t('Uploads at once at most')]];

function checked(field, value) {
  if (!Number.isNaN(value)) return value;
  const detail = t('This is not a size such as 500 MB.');
  throw new Problem(400, { code: 'invalid-field', detail, errors: [{ field, detail }] });
}

function wholeNumber(field, text) {
  const value = text.trim() ? Number(text.replace(/[\s\u00a0\u202f]/g, '')) : null;
  if (value === null || Number.isInteger(value)) return value;
  const detail = t('This is not a whole number.');
  throw new Problem(400, { code: 'invalid-field', detail, errors: [{ field, detail }] });
}

export const editKeeping = (project) => formDialog({
  title: t('Keeping files'),
  action: t('Save'),
  body: ({ fault }) => html`
    ${selectField({ name: 'visibility', label: t('Visibility of new files'), value: project.visibility, fault: fault('visibility'),
      options: [['private', t('private')], ['public', t('public: whoever has the address may fetch them')]] })}
    ${textField({ name: 'retention_days', label: t('Files are deleted after so many days'), value: project.retention_days ?? '', inputmode: 'numeric',
      placeholder: t('never'), fault: fault('retention_days'), hint: t('A change is for new files.') })}
    ${textField({ name: 'trash_days', label: t('Deleted files can be restored for so many days'), value: project.trash_days, inputmode: 'numeric',
      fault: fault('trash_days'), hint: t('0 is no trash. When it becomes 0, what is in the trash is deleted for good.') })}`,
  run: (values) => change(project, {
    visibility: values.get('visibility'),
    retention_days: wholeNumber('retention_days', values.get('retention_days')),
    trash_days: wholeNumber('trash_days', values.get('trash_days')) ?? 0,
  }),
});

export const editAccess = (project) => formDialog({
  title: t('Pages, pipelines, webhooks'),
  action: t('Save'),
  body: ({ fault }) => html`
    ${areaField({ name: 'cors_origins', label: t('Pages of these origins may use the API'), value: project.cors_origins.join('\n'), fault: fault('cors_origins'),
      placeholder: 'https://shop.example.com', hint: t('One per line, such as https://shop.example.com.') })}
    ${areaField({ name: 'pipelines', label: t('Pipelines'), value: project.pipelines?.join('\n') ?? '', fault: fault('pipelines'), rows: 2, hint: t('One per line; empty for all.') })}
    ${areaField({ name: 'webhook_hosts', label: t('Hosts that webhooks of uploads may have'), value: project.webhook_hosts.join('\n'), fault: fault('webhook_hosts'), rows: 2,
      placeholder: 'app.example.com', hint: t('One per line; *.example.com stands for all names below it.') })}`,
  run: (values) => change(project, {
    cors_origins: lines(values.get('cors_origins')),
    pipelines: lines(values.get('pipelines')).length ? lines(values.get('pipelines')) : null,
    webhook_hosts: lines(values.get('webhook_hosts')),
  }),
});

/** A setting that is a JSON object. */
export const editJson = (project, name, label) => editRule({ project, name, label, save: (value) => change(project, { [name]: value }) });

export async function webhookSecret(project) {
  const made = await formDialog({
    title: t('Make a new secret for webhooks of uploads?'),
    action: t('Make a new secret'),
    body: ({ fault }) => html`
      <p>${t('It signs the messages to addresses that uploads have named. For a while the old one signs, too.')}</p>
      ${graceField(fault, WEEK)}`,
    run: (values) => api(`projects/${encodeURIComponent(project.name)}/webhook-secret/`, { method: 'POST', body: { grace: Number(values.get('grace')) } }),
  });
  if (!made) return;
  await showSecrets({ title: t('The new secret'), text: t('Receivers verify messages by it. It is shown only now.'), secrets: [{ label: t('Secret'), value: made.secret }] });
}

export async function deleteProject(project) {
  const sure = await confirm({
    title: t('Delete the project {name}?', { name: project.name }),
    text: t('Its keys, webhooks and settings are gone. This can’t be undone.'),
    action: t('Delete the project'),
    danger: true,
  });
  if (!sure) return false;
  await api(`projects/${encodeURIComponent(project.name)}/`, { method: 'DELETE' });
  return true;
}
