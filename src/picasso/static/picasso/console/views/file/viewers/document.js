// The text of a document, without its looks.

import { html, render } from '../../../core/html.js';
import { t } from '../../../core/words.js';
import { derivative } from '../addresses.js';
import { LinesViewer } from './lines.js';

export function mount(host, file, { signal }) {
  render(html`<p class="viewer-hint">${t('The text of the document. Download it to see it as it looks.')}</p><div class="text-host"></div>`, host);
  return mountText(host.querySelector('.text-host'), file, signal);
}

/** @param {(lines: string[]) => string[]} [first] what is shown of the first lines @returns {{update(file: object): void, unmount(): void}} */
export function mountText(host, file, signal, first) {
  const text = derivative(file, 'text');
  const viewer = new LinesViewer(host, { url: text.url, size: text.size, encoding: 'utf-8', signal, label: t('Text'), numbered: false, first });
  return { update: (file) => viewer.update((derivative(file, 'text') ?? text).url), unmount() {} };
}
