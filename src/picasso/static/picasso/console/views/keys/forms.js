// The dialogs of keys: create, edit, rotate.

import { api } from '../../core/api.js';
import { day, visible } from '../../core/format.js';
import { html, nothing } from '../../core/html.js';
import { can } from '../../core/session.js';
import { t } from '../../core/words.js';
import { formDialog } from '../../parts/dialog.js';
import { areaField, checkField, checkGroup, lines, selectField, textField } from '../../parts/fields.js';
import { graceField } from '../../parts/grace.js';
import { SCOPES, scopeInWords, scopesInWords, STRONG } from '../../parts/scopes.js';
import { showSecrets } from '../../parts/secret.js';

const DAY = 86_400_000; // milliseconds

/** What a new key is usually for: the scopes that are ticked then. */
const PURPOSES = () => [
  { label: t('Only upload'), scopes: ['files:write'] },
  { label: t('Upload, read, follow'), scopes: ['files:read', 'files:write', 'events:read'] },
  { label: t('Read only'), scopes: ['files:read', 'events:read', 'jobs:read'] },
  { label: t('Everything usual'), scopes: SCOPES.filter((scope) => !STRONG.has(scope) && can(scope)) },
];

/** Resolves with the new key, after it was shown once. */
export async function createKey() {
  const made = await formDialog({
    title: t('New key'),
    action: t('Create'),
    body: (form) => fields({ name: '', scopes: ['files:read', 'files:write', 'events:read'], networks: [] }, form, true),
    run: (values) => api('keys/', { method: 'POST', body: valuesOf(values) }),
  });
  if (made) await showKey(made, t('The key is there'));
  return made;
}

/** Resolves with the changed key. */
export const editKey = (key) => formDialog({
  title: t('Edit the key'),
  action: t('Save'),
  body: (form) => fields(key, form, false),
  run: (values) => api(`keys/${key.id}/`, { method: 'PATCH', body: valuesOf(values) }),
});

/** Resolves with the successor, after it was shown once. */
export async function rotateKey(key) {
  const made = await formDialog({
    title: t('Rotate this key?'),
    action: t('Rotate'),
    body: ({ fault }) => html`
      <p>${t('“{name}” gets a successor with the same rights, which is shown once. For a while both are valid, so that your servers can change without a gap.', { name: visible(key.name) })}</p>
      <p>${t('Servers that sign tokens themselves need the new kid and signing secret, too.')}</p>
      ${graceField(fault)}`,
    run: (values) => api(`keys/${key.id}/rotate/`, { method: 'POST', body: { grace: Number(values.get('grace')) } }),
  });
  if (made) await showKey(made, t('The successor is there'));
  return made;
}

const showKey = (made, title) => showSecrets({
  title,
  text: t('Store it in your server’s secrets. It is shown only now: the service keeps no copy.'),
  secrets: [{ label: t('Key'), value: made.key }, { label: t('Signing secret (only if your server signs tokens itself)'), value: made.signing_secret }],
  more: html`<p class="summary">${summary(made.scopes, made.networks, made.expires_at)}</p>`,
});

function fields(key, { fault, redraw }, isNew) {
  return html`
    ${textField({ name: 'name', label: t('What it is for'), value: key.name, maxlength: 100, required: true, fault: fault('name'),
      placeholder: t('Server of the shop'), autofocus: true })}
    ${isNew ? purposes(redraw) : nothing}
    ${scopes(key, fault('scopes'), redraw)}
    ${expiry(key, fault('expires_at'), isNew)}
    ${areaField({ name: 'networks', label: t('Only from these networks'), value: key.networks.join('\n'), rows: 2, fault: fault('networks'),
      placeholder: '10.0.0.0/8', hint: t('One per line; empty for everywhere.'), changed: redraw })}
    <p class="summary" aria-live="polite">${summaryOf()}</p>`;
}

const openForm = () => document.querySelector('dialog.form-dialog[open] form');

const purposes = (redraw) => html`
  <div class="purposes" role="group" aria-label=${t('Usual keys')}>
    ${PURPOSES().map(({ label, scopes: wanted }) => html`
      <button class="chip" type="button" @click=${() => tick(wanted, redraw)}>${label}</button>`)}
  </div>`;

function tick(wanted, redraw) {
  for (const box of openForm().querySelectorAll('[name=scopes]')) box.checked = wanted.includes(box.value);
  redraw();
}

function scopes(key, fault, redraw) {
  const offered = SCOPES.filter((scope) => can(scope) || key.scopes.includes(scope));
  const box = (scope) => checkField({
    name: 'scopes', value: scope, checked: key.scopes.includes(scope), changed: redraw,
    label: html`${capital(scopeInWords(scope))} <code>${scope}</code>`,
  });
  return checkGroup({
    legend: t('It may'),
    hint: t('You can only give rights that you have yourself.'),
    fault,
    checks: html`<div class="check-columns">${offered.filter((scope) => !STRONG.has(scope)).map(box)}</div>
      <div class="check-columns strong">${offered.filter((scope) => STRONG.has(scope)).map(box)}</div>`,
  });
}

const capital = (text) => text.slice(0, 1).toLocaleUpperCase() + text.slice(1);

/** Of a key that is there already, the end stays as it is unless another is chosen. */
function expiry({ expires_at: end }, fault, isNew) {
  const keep = isNew ? [] : [['keep', end ? t('as it is: until {time}', { time: day(end) }) : t('as it is: without an end')]];
  return selectField({
    name: 'expires', label: t('It ends'), value: isNew ? '365' : 'keep', fault,
    options: [...keep, ['7', t('in a week')], ['30', t('in 30 days')], ['90', t('in 90 days')], ['365', t('in a year')], ['', t('never')]],
  });
}

function valuesOf(values) {
  const expires = values.get('expires');
  return {
    name: values.get('name').trim(),
    scopes: values.getAll('scopes'),
    networks: lines(values.get('networks')),
    ...(expires === 'keep' ? {} : { expires_at: endIn(expires) }),
  };
}

const endIn = (days) => days ? new Date(Date.now() + Number(days) * DAY).toISOString() : null;

function summaryOf() {
  const form = openForm();
  if (!form) return '';
  const values = new FormData(form);
  return summary(values.getAll('scopes'), lines(values.get('networks')), null);
}

/** What a key may do, as a sentence or two. */
function summary(chosen, networks, end) {
  if (!chosen.length) return t('It may do nothing yet.');
  const strong = chosen.some((scope) => STRONG.has(scope)) ? ` ${t('This is much: give it to administrators’ programs only.')}` : '';
  const from = networks.length ? ` ${t('It works only from {networks}.', { networks: networks.join(', ') })}` : '';
  const until = end ? ` ${t('It ends on {time}.', { time: day(end) })}` : '';
  return `${t('It may {actions}.', { actions: scopesInWords(chosen) })}${from}${until}${strong}`;
}
