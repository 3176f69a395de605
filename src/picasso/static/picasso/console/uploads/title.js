// How far the uploads are, in the title of the tab.

import { percent } from '../core/format.js';
import { setTitlePrefix } from '../core/router.js';

let shown = '';

/** @param {number | null} share from 0 to 1, or null without uploads */
export function showInTitle(share) {
  const wanted = share === null ? '' : `${percent(Math.floor(share * 100) / 100)} · `;
  if (wanted !== shown) setTitlePrefix(shown = wanted);
}
