// The dialogs of webhooks: create, edit, a new secret, send again.

import { api } from '../../core/api.js';
import { html } from '../../core/html.js';
import { can } from '../../core/session.js';
import { toast } from '../../core/toasts.js';
import { t, tn } from '../../core/words.js';
import { formDialog } from '../../parts/dialog.js';
import { areaField, checkField, checkGroup, lines, selectField, textField } from '../../parts/fields.js';
import { graceField } from '../../parts/grace.js';
import { showSecrets } from '../../parts/secret.js';
import { GROUPS, typeInWords } from './types.js';

/** Resolves with the new webhook, after its secret was shown. */
export async function createWebhook() {
  const made = await formDialog({
    title: t('New webhook'),
    action: t('Create'),
    body: (form) => fields({ types: ['file.processed', 'file.failed'], payload: 'thin' }, form),
    run: (values) => api('webhooks/', { method: 'POST', body: valuesOf(values) }),
  });
  if (!made) return undefined;
  await shown(made.secret, t('The webhook is there'));
  return made;
}

/** Resolves with the changed webhook. */
export const editWebhook = (webhook) => formDialog({
  title: t('Edit the webhook'),
  action: t('Save'),
  body: (form) => fields(webhook, form),
  run: (values) => api(`webhooks/${webhook.id}/`, { method: 'PATCH', body: changed(valuesOf(values), webhook) }),
});

function fields(webhook, { fault }) {
  return html`
    ${textField({ name: 'url', type: 'url', label: t('Address'), value: webhook.url, required: true, fault: fault('url'),
      placeholder: 'https://app.example.com/picasso', hint: t('Messages are sent there by POST.'), autofocus: true })}
    ${textField({ name: 'description', label: t('What it is for'), value: webhook.description, maxlength: 255, fault: fault('description') })}
    ${events(webhook.types, fault('types'))}
    ${selectField({ name: 'payload', label: t('What messages have'), value: webhook.payload, fault: fault('payload'),
      options: [['thin', t('The event: id, name, size, state')], ...(can('files:read') || webhook.payload === 'full' ? [['full', t('Also the file with facts, derivatives and links')]] : [])] })}
    <details class="more-fields" ?open=${hasFilters(webhook) || ['media_types', 'pipelines', 'owners'].some(fault)}>
      <summary>${t('Only some files')}</summary>
      ${areaField({ name: 'media_types', label: t('Types'), value: webhook.media_types?.join('\n'), placeholder: 'image/*', rows: 2,
        hint: t('One per line; empty for all.'), fault: fault('media_types') })}
      ${areaField({ name: 'pipelines', label: t('Pipelines'), value: webhook.pipelines?.join('\n'), rows: 2, hint: t('One per line; empty for all.'), fault: fault('pipelines') })}
      ${areaField({ name: 'owners', label: t('Owners'), value: webhook.owners?.join('\n'), rows: 2, hint: t('One per line; empty for all.'), fault: fault('owners') })}
    </details>`;
}

const hasFilters = ({ media_types: types = [], pipelines = [], owners = [] }) => types.length + pipelines.length + owners.length > 0;

function events(chosen = [], fault) {
  const known = new Set(GROUPS.flatMap(({ types }) => types));
  const others = chosen.filter((type) => !known.has(type));
  return checkGroup({
    legend: t('Events'),
    hint: t('A star stands for all of a kind, also for those that later versions add.'),
    fault,
    checks: html`
      ${GROUPS.filter(({ scope }) => !scope || can(scope)).map(({ types }) => html`
        <div class="check-columns">${types.map((type) => check(type, chosen))}</div>`)}
      ${others.map((type) => check(type, chosen))}`,
  });
}

const check = (type, chosen) => checkField({
  name: 'types', value: type, checked: chosen.includes(type), label: html`<code>${type}</code> ${typeInWords(type)}`,
});

function valuesOf(values) {
  return {
    url: values.get('url').trim(),
    description: values.get('description').trim(),
    types: values.getAll('types'),
    payload: values.get('payload'),
    ...Object.fromEntries(['media_types', 'pipelines', 'owners'].map((name) => [name, lines(values.get(name))])),
  };
}

/** Only what is new: a change of the address needs more rights than one of the description. */
const changed = (values, webhook) => Object.fromEntries(Object.entries(values)
  .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(webhook[name])));

/** Resolves with the webhook, after its new secret was shown. */
export async function rotateSecret(webhook) {
  const made = await formDialog({
    title: t('Make a new secret?'),
    action: t('Make a new secret'),
    body: ({ fault }) => html`
      <p>${t('Receivers verify messages by the secret. For a while the old one signs, too, so that you can change your receivers one after the other.')}</p>
      ${graceField(fault)}`,
    run: (values) => api(`webhooks/${webhook.id}/rotate/`, { method: 'POST', body: { grace: Number(values.get('grace')) } }),
  });
  if (made) await shown(made.secret, t('The new secret'));
  return made;
}

const shown = (secret, title) => showSecrets({
  title,
  text: t('With this secret your application verifies that messages are from here. It is shown only now.'),
  secrets: [{ label: t('Secret'), value: secret }],
});

/** Resolves with whether something is sent again. */
export const replaySince = (webhook) => formDialog({
  title: t('Send events of a time again'),
  action: t('Send again'),
  body: ({ fault }) => html`
    <p>${t('All events of that time which the webhook wants are sent, also those from before it existed. Each message keeps its webhook-id, so a receiver that has seen it can ignore it.')}</p>
    ${textField({ name: 'since', type: 'datetime-local', label: t('From'), required: true, fault: fault('since') })}
    ${textField({ name: 'until', type: 'datetime-local', label: t('Until (empty for now)'), fault: fault('until') })}`,
  run: (values) => replay(webhook, { since: moment(values.get('since')), ...(values.get('until') ? { until: moment(values.get('until')) } : {}) }),
});

const moment = (local) => local ? new Date(local).toISOString() : '';

/** Send some deliveries again. */
export async function replay(webhook, which) {
  const { count } = await api(`webhooks/${webhook.id}/replay/`, { method: 'POST', body: which });
  toast(count ? tn('{n} message is sent again.', '{n} messages are sent again.', count) : t('There is nothing to send again.'));
  return true;
}
