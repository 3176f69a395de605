// Forms in a dialog. What the service says of a field is shown beside that field.

import { html, nothing, render } from '../core/html.js';
import { t } from '../core/words.js';
import { sentence } from './screen.js';

let dialogs = 0;

/**
 * Resolves with what `run` gives, or undefined if the person has closed it. While `run` fails, it stays open.
 * @param {{title: string, action: string, danger?: boolean, cancel?: string,
 *   body: (form: {fault: (name: string) => string, redraw: () => void}) => unknown,
 *   run: (values: FormData) => Promise<any>}} form
 */
export function formDialog({ title, action, danger = false, cancel = t('Cancel'), body, run }) {
  const dialog = document.createElement('dialog'), id = `form-dialog-${++dialogs}`;
  const state = { busy: false, problem: null };
  let result;
  dialog.className = 'manage wide form-dialog';
  dialog.setAttribute('aria-labelledby', id);

  function draw() {
    const asked = new Set();
    const content = body({ redraw: draw, fault: (name) => { asked.add(name); return faultOf(state.problem, name); } });
    render(html`
      <form @submit=${submit} novalidate>
        <div class="dialog-head"><h2 id=${id}>${title}</h2></div>
        <div class="dialog-body">${general(state.problem, asked)}${content}</div>
        <div class="dialog-actions">
          <button class="button" type="button" ?disabled=${state.busy} @click=${() => dialog.close()}>${cancel}</button>
          <button class="button primary ${danger ? 'danger' : ''}" type="submit" ?disabled=${state.busy}>
            ${state.busy ? t('Please wait') : action}
          </button>
        </div>
      </form>`, dialog);
  }

  async function submit(event) {
    event.preventDefault();
    if (state.busy) return;
    const values = new FormData(event.currentTarget);
    Object.assign(state, { busy: true, problem: null });
    draw();
    try {
      result = await run(values) ?? true;
      dialog.close();
    } catch (problem) {
      Object.assign(state, { busy: false, problem });
      draw();
      dialog.querySelector('[aria-invalid="true"], .form-fault')?.focus();
    }
  }

  return new Promise((resolve) => {
    dialog.addEventListener('cancel', (event) => { if (state.busy) event.preventDefault(); });
    dialog.addEventListener('close', () => { dialog.remove(); resolve(result); });
    (document.getElementById('dialogs') ?? document.body).append(dialog);
    draw();
    dialog.showModal();
    draw(); // now that there is a form to sum up
  });
}

/** What is wrong with this field, or with something in it; empty if nothing is. */
export function faultOf(problem, name) {
  return withoutName(problem?.errors?.find?.(({ field }) => belongs(field, name))?.detail ?? '', name);
}

/** The label says which field it is, so the sentence needs no name of it that programs use, such as "forbidden_types[1]: ". */
function withoutName(detail, name) {
  const parts = name.split('.'), names = parts.map((_, n) => parts.slice(n).join('.'));
  const own = names.find((each) => detail.startsWith(each)) ?? '';
  const rest = own && /^(?:\[\d+\])?:? (.+)$/s.exec(detail.slice(own.length))?.[1];
  return rest ? rest[0].toUpperCase() + rest.slice(1) : detail;
}

const belongs = (field, name) => field === name || field.startsWith(`${name}.`) || field.startsWith(`${name}[`);

/** What is wrong and belongs to no field that is shown. */
function general(problem, asked) {
  if (!problem || [...asked].some((name) => faultOf(problem, name))) return nothing;
  return html`<p class="form-fault notice bad" role="alert" tabindex="-1">${sentence(problem)}</p>`;
}
