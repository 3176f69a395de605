// For files that no viewer shows: says why.

import { html, render } from '../../../core/html.js';
import { t } from '../../../core/words.js';
import { isSettled } from '../model.js';
import { instead } from './parts.js';

export function mount(host, file) {
  const draw = (file) => render(template(file), host);
  draw(file);
  return { update: draw, unmount() {} };
}

function template(file) {
  if (file.quarantined && file.scan === 'waiting') return instead(file, t('This file is shown when it has been scanned for malware.'));
  if (file.quarantined) return instead(file, t('This file is in quarantine. Its content is not shown.'));
  if (!isSettled(file)) return html`<div class="viewer-note"><p>${t('A preview is being made.')}</p><progress class="busy" aria-label=${t('Processing')}></progress></div>`;
  if (file.state === 'failed') return instead(file, t('There is no preview, because processing failed.'));
  if (/^(text\/html|application\/xhtml\+xml|image\/svg\+xml)$/.test(file.media_type)) return instead(file, t('This kind of file can contain scripts, so it is not shown here as it is.'));
  return instead(file, t('There is no preview for this kind of file.'));
}
