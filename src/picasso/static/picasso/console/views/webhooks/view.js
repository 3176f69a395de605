// Webhooks: the list at /webhooks/, and each with its deliveries at /webhooks/{id}.

import { mountList } from './list.js';
import { mountWebhook } from './webhook.js';

export const title = 'Webhooks';

/** @param {HTMLElement} root */
export function mount(root, context) {
  let shown, part;
  function update(next) {
    const id = next.params.id ?? '';
    if (part && shown === id) return part.update(next);
    part?.unmount();
    shown = id;
    part = id ? mountWebhook(root, next) : mountList(root, next);
    return undefined;
  }
  update(context);
  return { update, unmount: () => part.unmount() };
}
