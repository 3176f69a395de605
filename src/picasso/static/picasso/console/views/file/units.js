// Numbers of facts in the units that people use.

import { clock, duration, number } from '../../core/format.js';
import { t } from '../../core/words.js';

const POINTS_PER_MM = 72 / 25.4;
const CLOSE = 2; // millimetres that two sizes of paper may differ

/** Width and height in millimetres, upright. */
const PAPERS = {
  A3: [297, 420], A4: [210, 297], A5: [148, 210], A6: [105, 148], B5: [176, 250],
  Letter: [215.9, 279.4], Legal: [215.9, 355.6], Tabloid: [279.4, 431.8],
};

/** "568 kb/s", "4.2 Mb/s". @param {number} bits per second */
export const bitrate = (bits) => (bits < 1e6 ? t('{n} kb/s', { n: number(Math.round(bits / 1e3)) }) : t('{n} Mb/s', { n: number(bits / 1e6, 1) }));

/** "1:17.2"; a very short one in milliseconds. @param {number} seconds */
export const length = (seconds) => (seconds < 1 ? duration(Math.round(seconds * 1000) / 1000) : clock(seconds, 1));

/** "44.1 kHz". @param {number} hertz */
export const frequency = (hertz) => t('{n} kHz', { n: number(hertz / 1e3, 1) });

/** "29.97 fps". @param {number} rate */
export const frameRate = (rate) => t('{n} fps', { n: number(rate, 2) });

/** "4,032 × 3,024". @param {number} width @param {number} height */
export const pixels = (width, height) => `${number(width)} × ${number(height)}`;

/** "12 MP", or undefined if that says nothing. @param {number} width @param {number} height */
export function megapixels(width, height) {
  const millions = width * height / 1e6;
  return millions < 0.1 ? undefined : t('{n} MP', { n: millions < 10 ? number(millions, 1) : number(Math.round(millions)) });
}

/** "A4", "Letter, landscape" or "210 × 99 mm". @param {number} width in points @param {number} height in points */
export function paper(width, height) {
  const sides = [width, height].map((points) => points / POINTS_PER_MM);
  const [short, long] = [...sides].sort((a, b) => a - b);
  const found = Object.entries(PAPERS).find(([, [a, b]]) => Math.abs(a - short) < CLOSE && Math.abs(b - long) < CLOSE);
  if (!found) return t('{size} mm', { size: sides.map((side) => number(Math.round(side))).join(' × ') });
  return width > height + 1 ? t('{paper}, landscape', { paper: found[0] }) : found[0];
}

/** @typedef {{latitude: number, longitude: number}} Place in degrees */

/** "52.52000° N, 13.40500° E". @param {Place} place */
export function coordinates({ latitude, longitude }) {
  const part = (degrees, positive, negative) => `${Math.abs(degrees).toFixed(5)}° ${degrees < 0 ? negative : positive}`;
  return `${part(latitude, t('N'), t('S'))}, ${part(longitude, t('E'), t('W'))}`;
}

/** The position in a text of ISO 6709 such as `+52.5200+013.4050/`; undefined if it is another text. @param {unknown} text @returns {Place | undefined} */
export function position(text) {
  const match = /^([+-]\d{2}(?:\.\d+)?)([+-]\d{3}(?:\.\d+)?)/.exec(String(text));
  return match ? { latitude: Number(match[1]), longitude: Number(match[2]) } : undefined;
}

/** RFC 5870. @param {Place} place */
export const geo = ({ latitude, longitude }) => `geo:${latitude},${longitude}`;
