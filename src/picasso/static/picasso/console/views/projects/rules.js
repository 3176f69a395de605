// The dialogs of settings that are JSON: fields for the members that most need, and all of it as JSON one click away. The
// service checks both, and what it says of a member is shown at its field.

import { Problem } from '../../core/api.js';
import { html, nothing } from '../../core/html.js';
import { t } from '../../core/words.js';
import { formDialog } from '../../parts/dialog.js';
import { areaField, checkField, lines, selectField, textField } from '../../parts/fields.js';
import { parseSize, sizeText } from './sizes.js';

/**
 * A member of the setting as a field: what it shows of the value, and the value of what was written; undefined for none.
 * @typedef {object} Member
 * @property {string} name in the setting
 * @property {(value: any, fault: string) => unknown} field
 * @property {(values: FormData, before: any) => any} read
 * @property {(value: any) => boolean} [fits] whether the field can show it; otherwise only JSON can
 */

const REACTIONS = () => [['accept', t('accept')], ['flag', t('accept and flag')], ['refuse', t('refuse')]];
const isText = (value) => value === undefined || typeof value === 'string';
const isList = (value) => value === undefined || (Array.isArray(value) && value.every((each) => typeof each === 'string'));
const written = (values, name) => String(values.get(name) ?? '').trim();

/** @returns {Member} */
const list = (name, label, hint, placeholder) => ({
  name,
  fits: isList,
  field: (value, fault) => areaField({ name, label, hint, fault, placeholder, rows: 2, value: (value ?? []).join('\n') }),
  read: (values) => (lines(written(values, name)).length ? lines(written(values, name)) : undefined),
});

/** The first of the options is what holds without the member. @returns {Member} */
const choice = (name, label, options) => ({
  name,
  fits: (value) => value === undefined || options().some(([each]) => each === value),
  field: (value, fault) => selectField({ name, label, fault, value: value ?? options()[0][0], options: options() }),
  read: (values) => (written(values, name) === options()[0][0] ? undefined : written(values, name)),
});

/** @returns {Member} */
const size = (name, label) => ({
  name,
  fits: (value) => value === undefined || typeof value === 'number',
  field: (value, fault) => textField({ name, label, fault, value: sizeText(value), placeholder: t('no limit') }),
  read: (values) => readSize(name, written(values, name)),
});

/** @returns {Member} */
const count = (name, label) => ({
  name,
  fits: (value) => value === undefined || Number.isInteger(value),
  field: (value, fault) => textField({ name, label, fault, value: value ?? '', inputmode: 'numeric', placeholder: t('no limit') }),
  read: (values) => readCount(name, written(values, name)),
});

/** @returns {Member} */
const rate = (name, label) => ({
  name,
  fits: isText,
  field: (value, fault) => textField({ name, label, fault, value: value ?? '', placeholder: t('as of the service') }),
  read: (values) => written(values, name) || undefined,
});

/** @returns {Member} */
const yes = (name, label) => ({
  name,
  fits: (value) => value === undefined || typeof value === 'boolean',
  field: (value) => checkField({ name, label, checked: value === true }),
  // What is off need not be said.
  read: (values) => (values.has(name) ? true : undefined),
});

/** The members with fields, by setting. @type {Record<string, () => Member[]>} */
const MEMBERS = {
  policy: () => [
    list('allowed_types', t('Only these types'), t('One per line, such as image/* or application/pdf; empty for all.'), 'image/*'),
    list('forbidden_types', t('None of these types'), t('Also not if they are among the ones above.'), 'image/svg+xml'),
    size('max_size', t('At most, per file')),
    choice('type_mismatch', t('The declared type is another one'), REACTIONS),
    choice('active_content', t('Macros, scripts and other active content'), REACTIONS),
    choice('bombs', t('Archives that unpack to far more'), REACTIONS),
    choice('encrypted', t('Files that need a password'), REACTIONS),
  ],
  rates: () => [
    rate('requests', t('All requests of the project')),
    rate('key', t('Each key')),
    rate('token', t('Each token')),
    rate('owner', t('Each owner')),
    rate('address', t('Each address without a credential')),
    rate('list', t('Lists with filters')),
    rate('import', t('New imports')),
  ],
  owner_quotas: () => [
    size('bytes', t('Stored at most')),
    size('bytes_per_day', t('Uploaded in a day at most')),
    size('unfinished_bytes', t('Unfinished uploads at most')),
    count('files', t('Files at most')),
    count('concurrent_uploads', t('Uploads at once at most')),
  ],
  scan: () => [
    yes('enabled', t('Scan the files of this project')),
    choice('infected', t('Files with malware'), () => [['', t('as the pipeline says')], ['quarantine', t('quarantine')], ['delete', t('delete')]]),
    choice('not_scanned', t('Files that can’t be scanned'), () => [['', t('as the pipeline says')], ['serve', t('serve')], ['quarantine', t('quarantine')], ['delete', t('delete')]]),
  ],
};

const HINTS = {
  policy: () => t('Types are those that the content shows. All of it, with sizes by type and words by kind, is in the documentation of “policy”.'),
  rates: () => t('A number and a time: 1000/60 is a thousand in a minute, 100/5m a hundred in five; off is no limit.'),
  owner_quotas: () => t('Empty is no limit. Sizes such as 500 MB or 1.5 TB, by units of 1000.'),
};

/**
 * Change a setting that is a JSON object.
 * @param {{project: any, name: string, label: string, save: (value: any) => Promise<any>}} setting
 */
export function editRule({ project, name, label, save }) {
  const members = MEMBERS[name]?.() ?? [], before = project[name] ?? {};
  const state = { value: before, text: JSON.stringify(before, null, 2), json: !isFitting(before), unfit: !isFitting(before) };
  return formDialog({
    title: label,
    action: t('Save'),
    body: ({ fault, redraw }) => html`
      ${state.json ? jsonField(name, state, fault) : html`
        ${HINTS[name] ? html`<p class="hint">${HINTS[name]()}</p>` : nothing}
        ${members.map((member) => member.field(plain(state.value[member.name]), fault(`${name}.${member.name}`)))}`}
      ${members.length ? html`
        ${state.unfit ? html`<p class="hint" role="status">${t('A form can’t show all of this setting.')}</p>` : nothing}
        <p><button class="link" type="button" @click=${() => { switchTo(!state.json); redraw(); }}>${state.json ? t('As a form') : t('As JSON')}</button></p>` : nothing}`,
    run: (values) => save(state.json ? parsed(name, String(values.get(name) ?? '')) : ofFields(values)),
  });

  /** @param {any} value whether the fields show all of it that they are for */
  function isFitting(value) {
    return members.length > 0 && isObject(value) && members.every(({ name: member, fits }) => fits?.(plain(value[member])) ?? true);
  }

  /** What was written goes with it, unless it is no value yet. @param {boolean} json */
  function switchTo(json) {
    const values = new FormData(/** @type {HTMLFormElement} */ (document.querySelector('dialog[open] form')));
    state.unfit = false;
    if (json) toJson(values);
    else toForm(String(values.get(name) ?? ''));
  }

  /** @param {FormData} values */
  function toJson(values) {
    state.json = true;
    try {
      state.value = ofFields(values);
    } catch { /* the value is that of before */ }
    state.text = JSON.stringify(state.value, null, 2);
  }

  /** It stays JSON if the form would lose some of it. @param {string} text */
  function toForm(text) {
    try {
      const value = parsed(name, text);
      if (isFitting(value)) Object.assign(state, { value, json: false });
      else state.unfit = true;
    } catch { /* it is not JSON yet, which Save would say */ }
  }

  /** The setting with what the fields say; what has no field stays. @param {FormData} values */
  function ofFields(values) {
    const found = { ...state.value };
    for (const member of members) {
      const value = readAt(() => member.read(values, state.value[member.name]), `${name}.${member.name}`);
      if (value === undefined) delete found[member.name];
      else found[member.name] = value;
    }
    return found;
  }
}

/** @param {any} value */
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Null is as good as nothing. @param {any} value */
const plain = (value) => value ?? undefined;

/** @param {string} name @param {{text: string}} state @param {(name: string) => string} fault */
const jsonField = (name, state, fault) => areaField({
  name, label: 'JSON', value: state.text, rows: 12, fault: fault(name),
  hint: t('An empty object is none. The documentation of “{name}” lists the members.', { name }),
});

/** @param {() => any} read @param {string} field that a fault is shown at */
function readAt(read, field) {
  try {
    return read();
  } catch (fault) {
    throw faultAt(field, /** @type {Error} */ (fault).message);
  }
}

/** @param {string} field @param {string} detail */
const faultAt = (field, detail) => new Problem(400, { code: 'invalid-field', detail, errors: [{ field, detail }] });

/** @param {string} name @param {string} text */
function readSize(name, text) {
  const value = parseSize(text);
  if (Number.isNaN(value)) throw new Error(t('This is not a size such as 500 MB.'));
  return value ?? undefined;
}

/** @param {string} name @param {string} text */
function readCount(name, text) {
  const value = text ? Number(text.replace(/[\s\u00a0\u202f]/g, '')) : undefined;
  if (value === undefined || Number.isInteger(value)) return value;
  throw new Error(t('This is not a whole number.'));
}

/** @param {string} field @param {string} text */
function parsed(field, text) {
  try {
    return text.trim() ? JSON.parse(text) : {};
  } catch (fault) {
    throw faultAt(field, t('This is not JSON: {fault}', { fault: /** @type {Error} */ (fault).message }));
  }
}
