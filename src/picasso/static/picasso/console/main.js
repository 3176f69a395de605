// Starts the console: docs/console.md. Untrusted text is only ever inserted as text.

import { start } from './core/router.js';
import { loadWords } from './core/words.js';
import { startShell } from './shell/shell.js';

await loadWords(() => import('./core/ru.js'));
startShell();
await start();
