// Sizes as people write them.

const POWERS = { '': 0, b: 0, k: 1, m: 2, g: 3, t: 4, p: 5 };
const LETTERS = { б: 'b', к: 'k', м: 'm', г: 'g', т: 't', п: 'p' };
const FORM = /^(\d+(?:[.,]\d+)?)\s*(?:([kmgtpкмгтп])?[bб]?)(?:ytes?|айт)?$/i;

/** "10 GB" in bytes, by units of 1000; null for an empty text, NaN for one that is no size. @param {string} text */
export function parseSize(text) {
  const trimmed = text.trim().replace(/[\s\u00a0\u202f](?=\d{3}\b)/g, '');
  if (!trimmed) return null;
  const [, value, unit = ''] = FORM.exec(trimmed) ?? [];
  if (value === undefined) return NaN;
  const letter = unit.toLowerCase();
  return Math.round(Number(value.replace(',', '.')) * 1000 ** POWERS[LETTERS[letter] ?? letter]);
}

const UNITS = ['', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Exactly, in the largest unit that is: what `parseSize` reads as the same number. @param {number | null | undefined} size */
export function sizeText(size) {
  if (size == null) return '';
  let power = 0;
  while (size && power < UNITS.length - 1 && size % 1000 ** (power + 1) === 0) power += 1;
  return `${size / 1000 ** power} ${UNITS[power]}`.trim();
}
