// Where each file is: the rows of a table, of a grid, or of a grid with a heading for each day.

import { MAX_HEIGHT, uniform } from '../../core/virtual.js';

/**
 * @typedef {object} Arrangement
 * @property {import('../../core/virtual.js').Layout} layout
 * @property {number} columns
 * @property {(place: number) => number} rowOf
 * @property {(row: number) => {first: number, behind: number, day?: string}} placesIn  a heading has no places
 */

/** Rows with so many files each. @returns {Arrangement} */
export function grid(total, columns, height) {
  return {
    columns,
    layout: uniform(Math.ceil(total / columns), height),
    rowOf: (place) => Math.floor(place / columns),
    placesIn: (row) => ({ first: row * columns, behind: Math.min(total, (row + 1) * columns) }),
  };
}

/**
 * A heading for each day, and rows below it. What is known of no day is at the end, without a heading.
 * @param {number} total of files
 * @param {{day: string, count: number}[]} known  in the order of the list
 * @returns {Arrangement}
 */
export function days(total, known, columns, height, headingHeight) {
  const parts = partsOf(total, known, columns, height, headingHeight), last = parts.at(-1);
  const rowIn = (row) => lastBefore(parts, row, 'row'), inPart = (part, row) => row - part.row - (part.day ? 1 : 0);
  return {
    columns,
    layout: {
      count: last ? last.row + last.rows : 0,
      height: last ? last.top + last.height : 0,
      top: (row) => { const part = rowIn(row), at = inPart(part, row); return at < 0 ? part.top : part.top + (part.day ? headingHeight : 0) + at * height; },
      at: (y) => {
        const part = lastBefore(parts, y, 'top'), below = y - part.top - (part.day ? headingHeight : 0);
        return below < 0 ? part.row : Math.min(part.row + part.rows - 1, part.row + (part.day ? 1 : 0) + Math.floor(below / height));
      },
    },
    rowOf: (place) => { const part = lastBefore(parts, place, 'first'); return part.row + (part.day ? 1 : 0) + Math.floor((place - part.first) / columns); },
    placesIn: (row) => {
      const part = rowIn(row), at = inPart(part, row);
      if (at < 0) return { first: part.first, behind: part.first, day: part.day };
      return { first: part.first + at * columns, behind: Math.min(part.behind, part.first + (at + 1) * columns) };
    },
  };
}

/** Where each day begins: its places, its rows, its pixels. A day takes as much memory however many files it has. */
function partsOf(total, known, columns, height, headingHeight) {
  const parts = [];
  let first = 0, row = 0, top = 0;
  const add = (day, count) => {
    const behind = Math.min(total, first + count), heading = day ? headingHeight : 0;
    const most = Math.floor((MAX_HEIGHT - top - heading) / height), tiles = Math.min(Math.ceil((behind - first) / columns), most);
    if (behind <= first || tiles <= 0) return;
    const part = { day, first, behind, row, top, rows: tiles + (day ? 1 : 0), height: heading + tiles * height };
    parts.push(part);
    [first, row, top] = [behind, row + part.rows, top + part.height];
  };
  for (const { day, count } of known) add(day, count);
  add('', total - first);
  return parts;
}

/** The last part that begins there or before. */
function lastBefore(parts, value, name) {
  let low = 0, high = parts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (parts[middle][name] <= value) low = middle; else high = middle;
  }
  return parts[low];
}

/** The place so many rows further up or down, in the same column if there is one. @param {Arrangement} arrangement */
export function moved(arrangement, place, rows) {
  const { layout, rowOf, placesIn } = arrangement, step = Math.sign(rows);
  const column = place - placesIn(rowOf(place)).first;
  let row = rowOf(place), found = place;
  for (let left = Math.abs(rows); left > 0 && row + step >= 0 && row + step < layout.count;) {
    row += step;
    const { first, behind, day } = placesIn(row);
    if (day) continue;
    found = Math.min(first + column, behind - 1);
    left -= 1;
  }
  return found;
}
