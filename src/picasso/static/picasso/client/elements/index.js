// The elements <picasso-uploader> and <picasso-file>. Importing this module defines them; docs/embed.md describes them.

import { PicassoFile } from './file.js';
import { PicassoUploader } from './uploader.js';

export { Picasso, PicassoError } from '../index.js';
export { addLanguage } from './words.js';
export { PicassoFile, PicassoUploader };

/** Unless another copy of this module has been faster. @param {string} name @param {CustomElementConstructor} type */
function define(name, type) { if (!globalThis.customElements?.get(name)) globalThis.customElements?.define(name, type); }

define('picasso-uploader', PicassoUploader);
define('picasso-file', PicassoFile);
