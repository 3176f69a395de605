// One line while the service can't be reached. It goes away when the service is back.

import { onReached, reached } from '../core/api.js';
import { reconnect } from '../core/live.js';
import { urls } from '../core/session.js';
import { announce } from '../core/toasts.js';
import { t } from '../core/words.js';

const FIRST = 2000, LAST = 15_000; // milliseconds between attempts
let there = true, timer = 0, pause = FIRST;

export function startConnection() {
  onReached((yes) => (yes ? back() : away()));
  addEventListener('offline', away);
  addEventListener('online', probe);
}

const line = () => /** @type {HTMLElement} */ (document.getElementById('shell-connection'));

function away() {
  line().textContent = navigator.onLine ? t('The server can’t be reached. Trying again by itself.') : t('You are offline. What you see may be out of date.');
  line().hidden = false;
  if (!there) return;
  there = false;
  pause = FIRST;
  timer = setTimeout(probe, pause);
}

function back() {
  if (there) return;
  there = true;
  clearTimeout(timer);
  line().hidden = true;
  announce(t('The server is back.'));
  reconnect();
  dispatchEvent(new Event('picasso:back'));
}

async function probe() {
  clearTimeout(timer);
  const answer = await fetch(urls.alive, { cache: 'no-store' }).catch(() => undefined);
  if (answer?.ok) return reached(true);
  pause = Math.min(pause * 1.5, LAST);
  if (!there) timer = setTimeout(probe, pause);
  return away();
}
