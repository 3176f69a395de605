// What is wrong with the service, as a list.

import { html, icon } from '../../core/html.js';
import { path } from '../../core/session.js';
import { t } from '../../core/words.js';
import { sentence } from '../../parts/findings.js';

/** @param {import('../../parts/findings.js').Finding[]} problems */
export function healthList(problems) {
  if (!problems.length) return html`<p class="notice good health-good" role="status">${icon('check')}<span>${t('All is well: uploads are accepted, and jobs run.')}</span></p>`;
  return html`<div role="status"><ul class="stack health-list" aria-label=${t('What is wrong')}>${problems.map((each) => html`
    <li class=${`notice ${each.level === 'fault' ? 'bad' : 'waiting'}`} data-code=${each.code}>
      ${icon('warning')}<span>${sentence(each)}</span>
      <a href=${path(each.where.slice(1))}>${t('Go there')}</a>
    </li>`)}</ul></div>`;
}
