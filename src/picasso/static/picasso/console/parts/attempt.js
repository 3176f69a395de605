// An action whose problem is said.

import { toast } from '../core/toasts.js';
import { sentence } from './screen.js';

/**
 * What it gives; true if that is nothing, undefined after a problem, which becomes a message.
 * @param {() => any} run
 * @returns {Promise<any>}
 */
export async function attempt(run) {
  try {
    return await run() ?? true;
  } catch (problem) {
    if (problem.name !== 'AbortError') toast(sentence(problem), { bad: true });
    return undefined;
  }
}
