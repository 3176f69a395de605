// An action whose problem is said.

import { toast } from '../core/toasts.js';
import { sentence } from './screen.js';

/**
 * What it gives; undefined after a problem, which becomes a message.
 * @template T
 * @param {() => T | Promise<T>} run
 * @returns {Promise<T | undefined>}
 */
export async function attempt(run) {
  try {
    return await run();
  } catch (problem) {
    toast(sentence(problem), { bad: true });
    return undefined;
  }
}
