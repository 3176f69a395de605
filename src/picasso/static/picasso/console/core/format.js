// Numbers, sizes, dates and untrusted text for people, in the language of the page.

import { language, t } from './words.js';

const UNITS = { en: ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'], ru: ['байт', 'КБ', 'МБ', 'ГБ', 'ТБ', 'ПБ'] }[language];
const integers = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'long' });
const dates = {
  long: new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }),
  exact: new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }),
  time: new Intl.DateTimeFormat(language, { timeStyle: 'short' }),
  day: new Intl.DateTimeFormat(language, { dateStyle: 'long' }),
};
const STEPS = /** @type {const} */ ([['year', 31_557_600], ['month', 2_629_800], ['day', 86_400], ['hour', 3600], ['minute', 60]]);

/** @param {number} value @param {number} [digits] most digits behind the point */
export const number = (value, digits = 0) => (digits ? new Intl.NumberFormat(language, { maximumFractionDigits: digits }) : integers).format(value);

/** @param {number} share 0 to 1 */
export const percent = (share) => new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: share > 0 && share < 0.01 ? 1 : 0 }).format(share);

/** A size in units of 1000, with three digits: "1.25 MB", "568 kB". @param {number} size bytes */
export function bytes(size) {
  if (size < 1000) return exactBytes(size);
  let power = 0, value = size;
  while (value >= 999.5 && power < UNITS.length - 1) { value /= 1000; power += 1; }
  const digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return `${number(value, digits)} ${UNITS[power]}`;
}

/** @param {number} size */
export const exactBytes = (size) => (language === 'ru' ? `${number(size)} байт` : `${number(size)} byte${size === 1 ? '' : 's'}`);

/** A length of time as on a player: "1:17.2", "2:05:30", "0.8 s". @param {number} seconds @param {number} [digits] behind the point */
export function clock(seconds, digits = 0) {
  const rounded = Number(seconds.toFixed(digits)), whole = Math.floor(rounded);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, (rounded % 60).toFixed(digits)];
  const padded = s.padStart(digits ? digits + 3 : 2, '0');
  return h ? `${h}:${String(m).padStart(2, '0')}:${padded}` : `${m}:${padded}`;
}

/** How long something took or takes: "340 ms", "12 s", "3 min", "2 h 5 min". @param {number} seconds */
export function duration(seconds) {
  if (seconds < 1) return t('{n} ms', { n: number(seconds * 1000) });
  if (seconds < 60) return t('{n} s', { n: number(seconds, seconds < 10 ? 1 : 0) });
  const minutes = Math.round(seconds / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
  if (days) return t('{d} d {h} h', { d: number(days), h: hours % 24 });
  return hours ? t('{h} h {m} min', { h: hours, m: minutes % 60 }) : t('{n} min', { n: minutes });
}

/** @param {string | number | Date} when */
export const date = (when) => dates.long.format(new Date(when));
/** With seconds. @param {string | number | Date} when */
export const exactDate = (when) => dates.exact.format(new Date(when));
/** The time of a moment of today; with the date if it is of another day. @param {string | number | Date} when */
export const clockTime = (when) => (new Date(when).toDateString() === new Date().toDateString() ? dates.time : dates.long).format(new Date(when));
/** @param {string | number | Date} when */
export const day = (when) => dates.day.format(new Date(when));

/** "5 minutes ago", "in 2 hours". @param {string | number | Date} when @param {number} [now] */
export function ago(when, now = Date.now()) {
  const seconds = (new Date(when).getTime() - now) / 1000;
  const [unit, length] = STEPS.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1];
  return Math.abs(seconds) < 5 ? t('just now') : relative.format(Math.trunc(seconds / length), unit);
}

/** Control characters become symbols; characters that reorder or hide text become their code points. @param {unknown} text @param {string} [keep] */
export function visible(text, keep = '') {
  return String(text ?? '')
    .replace(/[\0-\x1f\x7f]/g, (c) => (keep.includes(c) ? c : String.fromCodePoint(c === '\x7f' ? 0x2421 : 0x2400 + /** @type {number} */ (c.codePointAt(0)))))
    .replace(/[\x80-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
      (c) => `⟨U+${/** @type {number} */ (c.codePointAt(0)).toString(16).toUpperCase().padStart(4, '0')}⟩`);
}

/** A file's name, safe to show; never empty. @param {{name?: string}} file */
export const nameOf = (file) => visible(file.name).trim() || t('unnamed file');

/**
 * A long name cut in its middle, so that "…-v1.pdf" and "…-v2.pdf" stay different.
 * @param {string} name @param {number} [most] characters
 */
export function middle(name, most = 40) {
  const letters = [...name];
  if (letters.length <= most) return name;
  const tail = Math.ceil((most - 1) * 0.45);
  return `${letters.slice(0, most - 1 - tail).join('')}…${letters.slice(-tail).join('')}`;
}

/** A URL of the service or of the web; "#" for anything else, such as `javascript:`. @param {string} url */
export const webUrl = (url) => (/^(https?:\/)?\//i.test(url) ? url : '#');
