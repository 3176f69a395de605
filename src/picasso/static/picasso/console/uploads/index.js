// What the console uses of the uploads. One queue for the whole page, whatever view is shown.

import { command } from '../core/commands.js';
import { shortcut } from '../core/keyboard.js';
import { toast } from '../core/toasts.js';
import { loadWords, t } from '../core/words.js';
import { listen } from './drops.js';
import { Earlier } from './earlier.js';
import { wishes } from './options.js';
import { Picker } from './picker.js';
import { Queue } from './queue.js';
import { Tray } from './tray.js';

export const queue = new Queue();
export const earlier = new Earlier(queue);

let tray, picker, begun;

/** Put the tray into the page, once. It stays there when views change. Returns when it is there, with its words. */
export function start() {
  begun ??= begin(document.getElementById('tray')).catch((error) => { begun = undefined; throw error; });
  return begun;
}

/** @param {HTMLElement} root */
async function begin(root) {
  await Promise.all([loadWords(() => import('./ru.js')), styled()]);
  const [inputs, veil, docked] = Array.from({ length: 3 }, () => root.appendChild(document.createElement('div')));
  picker = new Picker(inputs, add);
  tray = new Tray(docked, queue, picker, act);
  listen(veil, add);
  addEventListener('beforeunload', (event) => { if (queue.items.some(({ busy }) => busy)) event.preventDefault(); });
  offer();
  earlier.load();
}

const styled = () => new Promise((done) => {
  const link = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: new URL('./tray.css', import.meta.url).href });
  for (const event of ['load', 'error']) link.addEventListener(event, done);
  document.head.append(link);
});

function offer() {
  const label = t('Upload files'), section = t('Uploads');
  command({ label, section, keys: 'u', run: showUploads });
  shortcut('u', { label, section, frame: true, run: showUploads });
}

/** Show the tray, ready to choose files. */
export const showUploads = () => tray?.show();

/** Open the browser's dialog. */
export const chooseFiles = () => picker?.files();

/** What a button of an upload does. @param {string} verb @param {import('./item.js').Item} item */
export function act(verb, item) {
  if (verb === 'choose') picker.files();
  else queue[verb](item);
}

/** @param {import('./sources.js').Found[]} found */
export function add(found) {
  if (found.length) queue.add(found, wishes());
  else toast(t('There are no files in it.'));
}

/** Call back with each file that was uploaded by this window. @returns {() => void} stop */
export function onUploaded(handler) {
  const heard = ({ detail }) => handler(detail);
  queue.addEventListener('uploaded', heard);
  return () => queue.removeEventListener('uploaded', heard);
}
