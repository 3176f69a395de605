// lit's templates: https://lit.dev/docs/libraries/standalone-templates/. Set styles by property (`.style=${text}`), never by
// a `style` attribute, which the page's Content-Security-Policy forbids.

import { svg } from '../../vendor/lit.js';

export {
  cache, classMap, createRef, guard, html, ifDefined, keyed, live, noChange, nothing, ref, render, repeat, svg, until,
} from '../../vendor/lit.js';

/**
 * A picture of the sprite (templates/picasso/sprite.html), which only decorates: the words stand beside it.
 * @param {string} name as in `icon-NAME`
 */
export const icon = (name) => svg`<svg class="icon" aria-hidden="true" focusable="false"><use href=${`#icon-${name}`}></use></svg>`;
