// Selecting and opening files with keys, mouse and fingers. The list has the focus; one of its files is the active one.

import { moved } from './arrange.js';

const LONG_PRESS = 500; // milliseconds
const STILL = 10; // pixels that a finger may move meanwhile

/**
 * @typedef {object} Grid  what the list offers to keys and pointers
 * @property {import('./selection.js').Selection} selection
 * @property {object[]} items
 * @property {number} total
 * @property {number} active
 * @property {import('./arrange.js').Arrangement} arrangement
 * @property {number} screen  rows on the screen
 * @property {(place: number) => void} activate  make it the active one and show it
 * @property {(from: number, to: number, add: boolean) => void} selectRange
 * @property {() => void} draw
 * @property {(file: object) => void} open
 * @property {() => void} remove  delete what is selected
 */

import { pressIn } from '../../core/keyboard.js';
import { t } from '../../core/words.js';

/** Where a key leads; null for nowhere. @type {Record<string, (grid: Grid) => number | null>} */
const STEPS = {
  ArrowDown: (grid) => moved(grid.arrangement, grid.active, 1),
  ArrowUp: (grid) => moved(grid.arrangement, grid.active, -1),
  ArrowRight: (grid) => grid.arrangement.columns > 1 ? grid.active + 1 : null,
  ArrowLeft: (grid) => grid.arrangement.columns > 1 ? grid.active - 1 : null,
  PageDown: (grid) => moved(grid.arrangement, grid.active, grid.screen),
  PageUp: (grid) => moved(grid.arrangement, grid.active, -grid.screen),
  Home: () => 0,
  End: (grid) => grid.total - 1,
};

const steps = (names, shift = '') => Object.fromEntries(names.map((name) => [shift + name, (grid) => step(grid, STEPS[name](grid), shift !== '')]));

/** @type {import('../../core/keyboard.js').Keys<Grid>[]} */
export const KEYS = [
  { label: () => t('Move'), keys: steps(['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight']) },
  { label: () => t('Move by a screen'), keys: steps(['PageUp', 'PageDown']) },
  { label: () => t('To the first or the last file'), keys: steps(['Home', 'End']) },
  { label: () => t('Open'), keys: { Enter: (grid) => { if (grid.items[grid.active]) grid.open(grid.items[grid.active]); } } },
  { label: () => t('Select'), keys: { Space: (grid) => toggle(grid, grid.active) } },
  { label: () => t('Select while moving'), keys: steps(Object.keys(STEPS), 'Shift+'), shown: ['Shift+ArrowUp', 'Shift+ArrowDown'] },
  { label: () => t('Select from the last selected one to here'), keys: { 'Shift+Space': (grid) => grid.selectRange(grid.selection.start, grid.active, false) } },
  { label: () => t('Select all'), keys: { 'Ctrl+A': selectAll } },
  { label: () => t('Delete what is selected'), keys: { Delete: (grid) => grid.remove() } },
  { label: () => t('Clear the selection'), keys: { Escape: (grid) => { grid.selection.clear(); grid.draw(); } } },
];

/** @param {KeyboardEvent} event @param {Grid} grid */
export function onKey(event, grid) {
  if (event.target === event.currentTarget && grid.total) pressIn(event, KEYS, grid);
}

/** The keys that reach the list from the page around it. It has the focus then, and with it all of its keys. @type {Record<string, (grid: Grid) => void>} */
const FROM_OUTSIDE = {
  ArrowDown: (grid) => step(grid, grid.active, false),
  'Ctrl+A': (grid) => { grid.activate(grid.active); selectAll(grid); },
};

/** While no field or menu has the focus, the list is what keys are for. @param {Grid} grid @param {AbortSignal} signal */
export function followPage(grid, signal) {
  const label = () => '';
  addEventListener('keydown', (event) => { if (grid.total && isOfPage(event)) pressIn(event, [{ label, keys: FROM_OUTSIDE }], grid); }, { signal });
}

/** @param {KeyboardEvent} event */
const isOfPage = ({ defaultPrevented, target }) => !defaultPrevented && !document.querySelector('dialog[open]')
  && target instanceof Element && (target === document.body || (target.closest('main') !== null && !target.closest('input, select, textarea, details[open]')));

function selectAll(grid) {
  grid.selection.selectAll();
  grid.draw();
}

function step(grid, to, selects) {
  if (to === null) return;
  const place = Math.max(0, Math.min(to, grid.total - 1));
  grid.activate(place);
  if (selects) grid.selectRange(grid.selection.start, place, false);
  else grid.selection.start = place;
}

function toggle(grid, place) {
  const file = grid.items[place];
  if (file) grid.selection.toggle(file);
  grid.selection.start = place;
  grid.draw();
}

/** @param {MouseEvent} event @param {Grid} grid */
export function onClick(event, grid) {
  const found = event.target.closest('[data-place]');
  if (!found || !grid.items[Number(found.dataset.place)]) return;
  const how = howOf(event, found, grid);
  if (how === 'follow') return;
  event.preventDefault();
  const place = Number(found.dataset.place), file = grid.items[place];
  grid.activate(place);
  if (how === 'open') grid.open(file);
  else if (how === 'range') grid.selectRange(grid.selection.start, place, event.ctrlKey || event.metaKey);
  else if (how === 'toggle') toggle(grid, place);
  else {
    grid.selection.only([file]);
    grid.selection.start = place;
    grid.draw();
  }
}

/** What a click means, by where it is and the keys that are held. */
function howOf(event, found, grid) {
  const onLink = event.target.closest('a'), onTick = event.target.closest('.tick, .column-tick');
  const chooses = event.ctrlKey || event.metaKey, touched = event.pointerType === 'touch', selects = grid.selection.size(grid.total) > 0;
  if (event.shiftKey) return 'range';
  if (onTick || (touched && selects)) return 'toggle';
  if (onLink && !(chooses && found.matches('.tile'))) return 'follow';
  if (chooses) return 'toggle';
  return touched ? 'open' : 'only';
}

/** A finger that stays on a file selects it. @param {HTMLElement} element @param {() => Grid} gridOf */
export function followPresses(element, gridOf, signal) {
  let timer, at, pressed = false;
  const stop = () => clearTimeout(timer);
  const options = { signal, passive: true };
  element.addEventListener('pointerdown', (event) => {
    pressed = false;
    stop();
    const found = event.target.closest('[data-place]');
    if (event.pointerType !== 'touch' || !found) return;
    at = [event.clientX, event.clientY];
    timer = setTimeout(() => { pressed = true; toggle(gridOf(), Number(found.dataset.place)); }, LONG_PRESS);
  }, options);
  element.addEventListener('pointermove', (event) => { if (at && Math.hypot(event.clientX - at[0], event.clientY - at[1]) > STILL) stop(); }, options);
  for (const name of ['pointerup', 'pointercancel']) element.addEventListener(name, stop, options);
  const swallow = (event) => { if (pressed) { event.preventDefault(); event.stopPropagation(); } };
  element.addEventListener('contextmenu', swallow, { signal, capture: true });
  element.addEventListener('click', (event) => { swallow(event); pressed = false; }, { signal, capture: true });
}
