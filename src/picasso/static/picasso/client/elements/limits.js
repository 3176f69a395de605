// What may be uploaded, as far as the page can know it before it tries: attributes of the element and claims of the token.
// The service decides; a limit here only spares people an upload that it would refuse.

import { bytes, exactBytes } from './format.js';

/** @import { Words } from './words.js' */

/**
 * @typedef {object} Claims those of an upload token that concern a page; docs/access.md
 * @property {number} [exp]
 * @property {number} [max_size]
 * @property {number} [max_files]
 * @property {string[]} [media_types]
 * @property {string[]} [scopes]
 */

/** Types of which browsers know the name, so that a wrong one is surely wrong. */
const SURE = /^(image|audio|video|font)\//;

/** @type {Record<string, string>} */
const GROUPS = { 'image/*': 'images', 'video/*': 'videos', 'audio/*': 'audio', 'text/*': 'text' };

const OFFICE = /** @type {const} */ ([
  ['wordprocessingml', 'DOCX'], ['spreadsheetml', 'XLSX'], ['presentationml', 'PPTX'], ['opendocument.text', 'ODT'],
  ['opendocument.spreadsheet', 'ODS'], ['msword', 'DOC'], ['ms-excel', 'XLS'], ['ms-powerpoint', 'PPT'], ['svg', 'SVG'],
]);

/** What a token allows; it is not verified here. Nothing for what is no JWT, such as a key. @param {string | undefined} token @returns {Claims} */
export function claimsOf(token) {
  try {
    const part = (token ?? '').split('.')[1].replace(/-/g, '+').replace(/_/g, '/');
    const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0))));
    return claims && typeof claims === 'object' ? claims : {};
  } catch {
    return {};
  }
}

/** A list with commas, as `accept` of an input. @param {string} text */
export const listOf = (text) => text.split(',').map((each) => each.trim().toLowerCase()).filter(Boolean);

export class Limits {
  /**
   * @param {{accept: string, maxSize: number | undefined, maxFiles: number | undefined}} wished by the page
   * @param {Claims} claims
   */
  constructor({ accept, maxSize, maxFiles }, claims) {
    this.wished = listOf(accept);
    this.allowed = (claims.media_types ?? []).map((each) => String(each).toLowerCase());
    this.maxSize = least(maxSize, claims.max_size);
    this.maxFiles = least(maxFiles, claims.max_files);
    this.maxFilesOf = { page: maxFiles, token: claims.max_files };
  }

  /** For the file dialog. */
  get accept() { return (this.wished.length ? this.wished : this.allowed.filter((each) => /^[\w.+-]+\/[\w.+*-]+$/.test(each))).join(','); }

  /** Why this file would be refused; empty if it would not. @param {File} file @param {Words} words */
  refusal(file, words) {
    if (!file.size) return words.say('empty');
    if (this.maxSize !== undefined && file.size > this.maxSize) return tooLarge(file.size, this.maxSize, words);
    return this.#isWrong(file) ? words.say('wrongType', { types: typesText(this.wished.length ? this.wished : this.allowed, words) }) : '';
  }

  /** Why there may be no further file. @param {number} all @param {number} own those that the token has uploaded @param {Words} words */
  refusalOfOneMore(all, own, words) {
    const { page, token } = this.maxFilesOf;
    if (all >= (page ?? Infinity)) return words.say('tooMany', { n: page ?? 0 });
    return own >= (token ?? Infinity) ? words.say('tooMany', { n: token ?? 0 }) : '';
  }

  /** @param {File} file */
  #isWrong(file) {
    if (this.wished.length && !this.wished.some((each) => matches(each, file))) return true;
    // The service looks at the content, and a browser only at the name: of other types the page can't be sure.
    return this.allowed.length > 0 && SURE.test(file.type) && !this.allowed.some((each) => matches(each, file));
  }

  /** What people should know before they choose. @param {Words} words @param {boolean} many whether several files may be chosen */
  hint(words, many) {
    const types = typesText(this.wished.length ? this.wished : this.allowed, words);
    const size = this.maxSize === undefined ? '' : words.say('upTo', { size: bytes(this.maxSize, words.lang) });
    const files = many && this.maxFiles !== undefined ? words.say('upToFiles', { n: this.maxFiles }) : '';
    return [types, size, files].filter(Boolean).join(' · ');
  }
}

/** @param {number | undefined} one @param {unknown} other */
function least(one, other) {
  const known = [one, other].filter((each) => typeof each === 'number' && each >= 0);
  return known.length ? Math.min(.../** @type {number[]} */ (known)) : undefined;
}

/** As `accept` of an input: https://html.spec.whatwg.org/multipage/input.html#attr-input-accept. @param {string} pattern @param {File} file */
function matches(pattern, { name, type }) {
  if (pattern.startsWith('.')) return name.toLowerCase().endsWith(pattern);
  if (pattern.endsWith('/*')) return pattern === '*/*' || type.startsWith(pattern.slice(0, -1));
  return type.split(';')[0].trim().toLowerCase() === pattern;
}

/** @param {string[]} patterns @param {Words} words */
function typesText(patterns, words) {
  if (patterns.includes('*/*')) return '';
  const names = patterns.map((each) => (GROUPS[each] ? words.say(GROUPS[each]) : shortName(each)));
  return new Intl.ListFormat(words.lang, { type: 'unit' }).format(new Set(names));
}

/** Of a media type: "PDF"; empty for what has none that people know. @param {string} type @param {Words} words */
export function typeName(type, words) {
  const name = type === 'text/plain' ? words.say('text') : shortName(type);
  return name.includes('/') ? '' : name;
}

/** @param {string} pattern */
function shortName(pattern) {
  if (pattern.startsWith('.')) return pattern.slice(1).toUpperCase();
  const office = OFFICE.find(([part]) => pattern.includes(part));
  if (office) return office[1];
  const subtype = pattern.split('/')[1]?.replace(/^x-/, '') ?? pattern;
  return /^[a-z0-9]{1,6}$/.test(subtype) ? subtype.toUpperCase() : pattern;
}

/** @param {number} size @param {number} limit @param {Words} words */
function tooLarge(size, limit, words) {
  const text = bytes(size, words.lang) === bytes(limit, words.lang) ? exactBytes : bytes;
  return words.say('tooLarge', { size: text(size, words.lang), limit: text(limit, words.lang) });
}
