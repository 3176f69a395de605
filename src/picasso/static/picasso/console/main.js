// Starts the console: docs/console.md. Untrusted text is only ever inserted as text.

import { start } from './core/router.js';
import { can } from './core/session.js';
import { loadWords } from './core/words.js';
import { startLater, startShell } from './shell/shell.js';

const PATIENCE = 2000; // milliseconds that the rest waits for a slow view

async function startTray() {
  await (await import('./uploads/index.js')).start();
}

/** Again when the service is back, if it can't be reached. @param {() => Promise<void>} begin */
async function begun(begin) {
  try {
    await begin();
  } catch (error) {
    console.warn(error);
    addEventListener('picasso:back', () => begun(begin), { once: true });
  }
}

await loadWords(() => import('./core/ru.js'));
startShell();
const shown = start();
await Promise.race([shown, new Promise((done) => { setTimeout(done, PATIENCE); })]);
if (can('files:write')) begun(startTray);
begun(startLater);
await shown;
