// What is chosen before sending: the pipeline and the tags of the next files.

import { api } from '../core/api.js';
import { maxUploadSize } from '../core/session.js';

const MOST_TAGS = 50, LONGEST_TAG = 64; // docs/uploads.md

/** @typedef {{name: string, max_size: number | null, allowed_types: string[], forbidden_types: string[]}} Pipeline */

export const options = {
  pipeline: '',
  /** @type {string[]} */
  tags: [],
  /** @type {Pipeline[]} */
  pipelines: [],
};

let asked;

/** Ask once which pipelines there are. Without an answer there is nothing to choose. */
export function loadPipelines() {
  asked ??= api('pipelines/').then(
    (found) => { options.pipelines = found.results ?? found; },
    () => { asked = undefined; },
  );
  return asked;
}

/** @returns {Pipeline | undefined} */
export const chosenPipeline = () => options.pipelines.find(({ name }) => name === (options.pipeline || 'default'));

/** Bytes; 0 without a limit. */
export function sizeLimit() {
  const limits = [maxUploadSize, chosenPipeline()?.max_size].filter(Boolean);
  return limits.length ? Math.min(...limits) : 0;
}

/** What goes with each of the next files. */
export const wishes = () => ({ pipeline: options.pipeline, tags: [...options.tags] });

/** From a text with commas. Returns what is wrong: 'many', 'long' or nothing. @param {string} text */
export function setTags(text) {
  const tags = [...new Set(text.split(',').map((tag) => tag.trim()).filter(Boolean))];
  if (tags.length > MOST_TAGS) return 'many';
  if (tags.some((tag) => tag.length > LONGEST_TAG)) return 'long';
  options.tags = tags;
  return '';
}
