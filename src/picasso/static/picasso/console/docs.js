// The frame of the API reference, which Swagger UI draws, and what Swagger UI leaves out for those who do not see it.

import { loadWords } from './core/words.js';
import { startLater, startShell } from './shell/shell.js';

const LABELLED = ':is([aria-label], [aria-labelledby], [type=hidden])';

/** Names for fields and regions, no links within buttons, code that keys can scroll. @param {HTMLElement} place */
function mend(place) {
  place.querySelector('.filter-container')?.setAttribute('role', 'search');
  place.querySelector('.scheme-container')?.setAttribute('role', 'region');
  place.querySelector('.scheme-container')?.setAttribute('aria-label', 'Authorize');
  for (const link of place.querySelectorAll('button a[href]')) link.removeAttribute('href');
  for (const code of place.querySelectorAll('pre:not([tabindex])')) code.setAttribute('tabindex', '0');
  for (const field of place.querySelectorAll(`:is(input, select, textarea):not(${LABELLED})`)) {
    if (!(/** @type {HTMLInputElement} */ (field).labels?.length)) field.setAttribute('aria-label', nameOf(field));
  }
}

/** @param {Element} field */
function nameOf(field) {
  const row = field.closest('tr'), said = row?.querySelector('.parameter__name')?.textContent ?? row?.dataset.propertyName;
  return (said ?? field.getAttribute('placeholder') ?? '').replace(/\s*\*.*$/, '').trim() || 'Example';
}

function watch() {
  const place = /** @type {HTMLElement} */ (document.getElementById('swagger-ui'));
  let asked = 0;
  const soon = () => { asked ||= requestAnimationFrame(() => { asked = 0; mend(place); }); };
  new MutationObserver(soon).observe(place, { childList: true, subtree: true, attributeFilter: ['href'] });
  soon();
}

watch();
await loadWords(() => import('./core/ru.js'));
startShell();
startLater();
