// The frame of the API reference, which Swagger UI draws.

import { loadWords } from './core/words.js';
import { startShell } from './shell/shell.js';

await loadWords(() => import('./core/ru.js'));
startShell();
