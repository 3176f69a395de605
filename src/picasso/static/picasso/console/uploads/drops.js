// Files that are dropped anywhere on the page, or pasted.

import { html, render } from '../core/html.js';
import { t } from '../core/words.js';
import { filesOfTransfer } from './sources.js';

/** @param {HTMLElement} root @param {(found: import('./sources.js').Found[]) => void} came */
export function listen(root, came) {
  render(html`<div class="tray-veil" hidden><p>${t('Drop to upload')}</p></div>`, root);
  const veil = root.querySelector('.tray-veil');
  const show = (yes) => { veil.hidden = !yes; };
  addEventListener('dragenter', ({ dataTransfer }) => show(hasFiles(dataTransfer)));
  veil.addEventListener('dragleave', () => show(false));
  addEventListener('dragover', (event) => { if (hasFiles(event.dataTransfer)) event.preventDefault(); });
  addEventListener('drop', (event) => {
    show(false);
    if (hasFiles(event.dataTransfer)) take(event, event.dataTransfer, came);
  });
  addEventListener('paste', (event) => { if (hasFiles(event.clipboardData)) take(event, event.clipboardData, came); });
}

const hasFiles = (transfer) => Boolean(transfer?.types.includes('Files'));

/** Otherwise the browser would leave the page and open the file. */
async function take(event, transfer, came) {
  event.preventDefault();
  came(await filesOfTransfer(transfer));
}
