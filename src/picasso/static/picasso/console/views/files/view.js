// The files of the project: as a table, as a grid, or by day.

import { t } from '../../core/words.js';
import { FilesView } from './files_view.js';

export const title = () => t('Files');

/** What the view was when it was left: who comes back finds it as it was. */
let left;

/** @param {HTMLElement} root @param {import('../../core/router.js').Context} context */
export function mount(root, context) {
  const view = new FilesView(root, context, left);
  return { update: (next) => view.update(next), unmount: () => { left = view.leave(); } };
}
