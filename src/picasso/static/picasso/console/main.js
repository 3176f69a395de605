// Starts the console: docs/console.md. Untrusted text is only ever inserted as text.

import { start } from './core/router.js';
import { can } from './core/session.js';
import { loadWords } from './core/words.js';
import { startShell } from './shell/shell.js';

await loadWords(() => import('./core/ru.js'));
startShell();
const shown = start();
if (can('files:write')) import('./uploads/index.js').then((uploads) => uploads.start(document.getElementById('tray')));
await shown;
