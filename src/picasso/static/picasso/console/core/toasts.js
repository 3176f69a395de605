// Short messages, and the one live region of the page.

import { html, icon, render, repeat } from './html.js';
import { visible } from './format.js';
import { t } from './words.js';

/** @typedef {{label: string, run: () => unknown}} Action */

const SECONDS = 6;
/** @type {{id: number, text: string, bad: boolean, action?: Action}[]} */
let shown = [];
let next = 1;

/**
 * Show a message for some seconds; one with an action stays for ten at least.
 * @param {string} text
 * @param {{action?: Action, seconds?: number, bad?: boolean}} [options]
 * @returns {() => void} removes it
 */
export function toast(text, { action, seconds = action ? 10 : SECONDS, bad = false } = {}) {
  const id = next++;
  shown = [...shown.slice(-3), { id, text: visible(text), bad, action }];
  draw();
  announce(text);
  const remove = () => { shown = shown.filter((each) => each.id !== id); draw(); };
  const element = () => document.querySelector(`[data-toast="${id}"]`);
  const end = () => {
    const there = element();
    // Whoever reads it or is about to use it keeps it.
    if (there?.matches(':hover') || there?.contains(document.activeElement)) setTimeout(end, 2000);
    else remove();
  };
  if (Number.isFinite(seconds)) setTimeout(end, seconds * 1000);
  return remove;
}

/** Say it to screen readers only. @param {string} text */
export function announce(text) {
  const region = /** @type {HTMLElement} */ (document.getElementById('announcer'));
  region.textContent = '';
  requestAnimationFrame(() => { region.textContent = visible(text); });
}

/** @param {number} id */
const drop = (id) => { shown = shown.filter((each) => each.id !== id); draw(); };

function draw() {
  const place = document.getElementById('toasts');
  if (place) render(repeat(shown, ({ id }) => id, one), place);
}

/** @param {typeof shown[number]} message */
const one = ({ id, text, bad, action }) => html`
  <div class=${`toast ${bad ? 'bad' : ''}`} data-toast=${id}>
    <span>${text}</span>
    ${action && html`<button class="button" type="button" @click=${() => { drop(id); action.run(); }}>${action.label}</button>`}
    <button class="button quiet icon-only" type="button" aria-label=${t('Close')} @click=${() => drop(id)}>${icon('close')}</button>
  </div>`;
