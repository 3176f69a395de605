// For developers: quick starts and error codes at /developers/, what happens right now at /developers/events/.

import { mountEvents } from './events.js';
import { mountGuide } from './guide.js';

/** @param {{params: Record<string, string>}} context */
export const title = ({ params }) => (params.page === 'events' ? mountEvents.title() : mountGuide.title());

/** @param {HTMLElement} root */
export function mount(root, context) {
  root.classList.add('manage');
  let shown, part;
  function update(next) {
    const page = next.params.page ?? '';
    if (part && shown === page) return part.update(next);
    part?.unmount();
    shown = page;
    part = page === 'events' ? mountEvents(root, next) : mountGuide(root, next);
    return undefined;
  }
  update(context);
  return { update, unmount: () => part.unmount() };
}
