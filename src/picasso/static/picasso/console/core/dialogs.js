// Dialogs: the browser's own <dialog>, which keeps the focus inside and gives it back.

import { html, icon, nothing, render } from './html.js';
import { t } from './words.js';

let next = 1;

/**
 * Ask; true if the person agrees.
 * @param {{title: string, text?: unknown, action: string, danger?: boolean, cancel?: string}} question `text` may be a template
 * @returns {Promise<boolean>}
 */
export function confirm({ title, text = nothing, action, danger = false, cancel = t('Cancel') }) {
  return new Promise((done) => {
    let agreed = false;
    const opened = sheet({
      title,
      content: () => html`<div class="dialog-body">${text}</div>`,
      actions: (close) => html`
        <button class="button" type="button" autofocus @click=${close}>${cancel}</button>
        <button class=${`button primary ${danger ? 'danger' : ''}`} type="button" data-action="agree" @click=${() => { agreed = true; close(); }}>${action}</button>`,
      onClose: () => done(agreed),
    });
    opened.element.setAttribute('role', 'alertdialog');
  });
}

/**
 * Open a dialog. Escape, a click beside it and its cross close it.
 * @param {object} options
 * @param {string} options.title
 * @param {(close: () => void) => unknown} options.content gives a template; called again by `update`
 * @param {(close: () => void) => unknown} [options.actions] its buttons
 * @param {boolean} [options.wide]
 * @param {string} [options.className] of the <dialog>
 * @param {() => void} [options.onClose]
 * @returns {{element: HTMLDialogElement, update: () => void, close: () => void}}
 */
export function sheet({ title, content, actions, wide = false, className = '', onClose }) {
  const element = document.createElement('dialog'), id = `dialog-${next++}`;
  element.className = `sheet ${wide ? 'wide' : ''} ${className}`;
  element.setAttribute('aria-labelledby', id);
  const close = () => element.close();
  const update = () => render(html`
    <div class="dialog-head">
      <h2 id=${id}>${title}</h2>
      <button class="button quiet icon-only" type="button" aria-label=${t('Close')} @click=${close}>${icon('close')}</button>
    </div>
    ${content(close)}
    ${actions ? html`<div class="dialog-actions">${actions(close)}</div>` : nothing}`, element);
  element.addEventListener('close', () => { onClose?.(); element.remove(); }, { once: true });
  element.addEventListener('pointerdown', (event) => { if (event.target === element && outside(element, event)) close(); });
  update();
  document.getElementById('dialogs')?.append(element);
  element.showModal();
  return { element, update, close };
}

/** @param {HTMLElement} element @param {PointerEvent} point */
function outside(element, { clientX, clientY }) {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}
