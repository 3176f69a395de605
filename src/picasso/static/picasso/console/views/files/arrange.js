// Where each file is: the rows of a table, of a grid, or of a grid with a heading for each day.

import { uniform, varied } from '../../core/virtual.js';
import { dayKey } from './kinds.js';

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

/** The files that are known from the beginning on, by day, and room for the next ones. @returns {Arrangement} */
export function days(items, columns, height, headingHeight) {
  const known = items.findIndex((each) => !each), end = known < 0 ? items.length : known;
  const rows = rowsByDay(items, end, columns);
  for (let first = end; first < Math.min(items.length, end + columns * 4); first += columns)
    rows.push({ first, behind: Math.min(items.length, first + columns) });
  return {
    columns,
    layout: varied(rows.map((row) => row.day ? headingHeight : height)),
    rowOf: (place) => Math.max(0, rows.findLastIndex((row) => row.first <= place && !row.day)),
    placesIn: (row) => rows[row],
  };
}

function rowsByDay(items, end, columns) {
  const rows = [];
  for (let first = 0; first < end;) {
    const day = dayKey(items[first].uploaded_at);
    let behind = first + 1;
    while (behind < end && dayKey(items[behind].uploaded_at) === day) behind += 1;
    rows.push({ first, behind: first, day: items[first].uploaded_at });
    for (; first < behind; first += columns) rows.push({ first, behind: Math.min(behind, first + columns) });
    first = behind;
  }
  return rows;
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
