// The fields of forms: a label, the control, a hint, and what is wrong with it.

import { html, ifDefined, nothing } from '../core/html.js';

/** One field. `control` gets the attributes that tie it to its label, hint and fault. */
function field({ name, label, hint, fault, form = 'f' }, control) {
  const id = `${form}-${name}`;
  const described = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(' ') || undefined;
  return html`
    <div class="field ${fault ? 'field-faulty' : ''}">
      <label for=${id}>${label}</label>
      ${control({ id, described, invalid: fault ? 'true' : undefined })}
      ${hint ? html`<p class="hint" id="${id}-hint">${hint}</p>` : nothing}
      ${fault ? html`<p class="error" id="${id}-fault">${fault}</p>` : nothing}
    </div>`;
}

/** @param {{name: string, label: string, value?: string, hint?: unknown, fault?: string, type?: string}} options */
export const textField = (options) => field(options, ({ id, described, invalid }) => html`
  <input id=${id} name=${options.name} type=${options.type ?? 'text'} .defaultValue=${String(options.value ?? '')}
    ?required=${options.required} ?disabled=${options.disabled} maxlength=${ifDefined(options.maxlength)}
    min=${ifDefined(options.min)} max=${ifDefined(options.max)} inputmode=${ifDefined(options.inputmode)}
    placeholder=${ifDefined(options.placeholder)} autocomplete=${options.autocomplete ?? 'off'} spellcheck="false"
    ?autofocus=${options.autofocus} aria-describedby=${ifDefined(described)} aria-invalid=${ifDefined(invalid)}
    list=${ifDefined(options.list)} @input=${options.changed ?? nothing}>`);

/** One value per line. */
export const areaField = (options) => field(options, ({ id, described, invalid }) => html`
  <textarea id=${id} name=${options.name} rows=${options.rows ?? 3} spellcheck="false" ?disabled=${options.disabled}
    placeholder=${ifDefined(options.placeholder)} aria-describedby=${ifDefined(described)}
    aria-invalid=${ifDefined(invalid)} .defaultValue=${String(options.value ?? '')}
    @input=${options.changed ?? nothing}></textarea>`);

/** @param {{options: [string, string][]}} options Pairs of value and label. */
export const selectField = (options) => field(options, ({ id, described, invalid }) => html`
  <select id=${id} name=${options.name} ?disabled=${options.disabled} aria-describedby=${ifDefined(described)}
    aria-invalid=${ifDefined(invalid)} @change=${options.changed ?? nothing}>
    ${options.options.map(([value, label]) => html`
      <option value=${value} ?selected=${value === (options.value ?? '')}>${label}</option>`)}
  </select>`);

/** @param {{name: string, label: string, checked?: boolean, hint?: unknown}} options */
export const checkField = ({ name, value = 'on', label, hint, checked, disabled, changed, form = 'f' }) => {
  const id = `${form}-${name}-${value}`;
  return html`
    <div class="check-row">
      <input type="checkbox" id=${id} name=${name} value=${value} ?checked=${checked} ?disabled=${disabled}
        aria-describedby=${ifDefined(hint ? `${id}-hint` : undefined)} @change=${changed ?? nothing}>
      <label for=${id}>${label}</label>
      ${hint ? html`<p class="hint" id="${id}-hint">${hint}</p>` : nothing}
    </div>`;
};

/** Several check boxes of one name. */
export const checkGroup = ({ legend, hint, fault, checks }) => html`
  <fieldset class="checks">
    <legend>${legend}</legend>
    ${hint ? html`<p class="hint">${hint}</p>` : nothing}
    ${fault ? html`<p class="error form-fault" role="alert" tabindex="-1">${fault}</p>` : nothing}
    ${checks}
  </fieldset>`;

/** The lines of a text without empty ones. */
export const lines = (text) => String(text ?? '').split(/[\n,]/).map((line) => line.trim()).filter(Boolean);
