// Jobs: a list by state, with failed ones by reason; and one job with its log. docs/console.md

import { t } from '../../core/words.js';
import { mountDetail } from './detail.js';
import { mountList } from './list.js';

/** @typedef {import('../../core/router.js').Context} Context */

/** @param {Context} context */
export const title = ({ params }) => (params.id ? t('Job') : t('Jobs'));

/** @param {HTMLElement} root @param {Context} context */
export function mount(root, context) {
  let shown = open(root, context);
  return {
    /** @param {Context} next */
    update(next) {
      if (shown.id === next.params.id && shown.update) return shown.update(next);
      shown.unmount();
      shown = open(root, next);
      return undefined;
    },
    unmount: () => shown.unmount(),
  };
}

/** @param {HTMLElement} root @param {Context} context */
function open(root, context) {
  const { id } = context.params;
  const place = document.createElement('div');
  root.replaceChildren(place);
  return { id, ...(id ? mountDetail(place, id, context) : mountList(place, context)) };
}
