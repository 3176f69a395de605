// Starts the console: docs/console.md. Untrusted text is only ever inserted as text.

import { start } from './core/router.js';
import { can } from './core/session.js';
import { loadWords } from './core/words.js';
import { startLater, startShell } from './shell/shell.js';

const PATIENCE = 2000; // milliseconds that the rest waits for a slow view

await loadWords(() => import('./core/ru.js'));
startShell();
const shown = start();
await Promise.race([shown, new Promise((done) => { setTimeout(done, PATIENCE); })]);
if (can('files:write')) import('./uploads/index.js').then((uploads) => uploads.start(document.getElementById('tray')));
startLater();
await shown;
