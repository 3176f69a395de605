// Secrets that are shown once, and buttons that copy a text.

import { copy } from '../core/clipboard.js';
import { html, render } from '../core/html.js';
import { t } from '../core/words.js';

const SHOWN = 2500; // milliseconds for which a button says that it has copied

/**
 * A dialog with secrets that nothing will show again. Resolves when it is closed.
 * @param {{title: string, text: string, secrets: {label: string, value: string}[], more?: unknown}} content
 */
export function showSecrets({ title, text, secrets, more = '' }) {
  const dialog = document.createElement('dialog');
  dialog.className = 'manage wide secret-dialog';
  dialog.setAttribute('aria-labelledby', 'secret-title');
  render(html`
    <div class="dialog-head"><h2 id="secret-title">${title}</h2></div>
    <div class="dialog-body">
    <p>${text}</p>
    ${secrets.map(({ label, value }) => html`
      <div class="secret">
        <h3>${label}</h3>
        <div class="copied-text"><code tabindex="0">${value}</code>${copyButton(value, label)}</div>
      </div>`)}
    ${more}
    </div>
    <div class="dialog-actions"><button class="button primary" type="button" @click=${() => dialog.close()}>${t('I have stored it')}</button></div>`, dialog);
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => { dialog.remove(); resolve(); });
    (document.getElementById('dialogs') ?? document.body).append(dialog);
    dialog.showModal();
  });
}

/** A button that copies this text and says so. `what` tells screen readers which text it is. */
export const copyButton = (value, what = '') => html`
  <button class="button copy" type="button" @click=${(event) => copied(event.currentTarget, value)}>
    <span aria-live="polite" .textContent=${t('Copy')}></span><span class="sr-only"> ${what}</span>
  </button>`;

async function copied(button, value) {
  const word = button.firstElementChild;
  word.textContent = await copy(value) ? t('Copied') : t('Select it and copy');
  setTimeout(() => { word.textContent = t('Copy'); }, SHOWN);
}
