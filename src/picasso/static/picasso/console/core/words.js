// Words in the language of the page. The English sentence is the key; each view has its Russian in ru.js beside it.

/** @typedef {Record<string, string | [string, string, string]>} Words */

export const language = document.documentElement.lang.startsWith('ru') ? 'ru' : 'en';

/** @type {Words} */
const known = {};
const plurals = new Intl.PluralRules(language);
const FORMS = { one: 0, few: 1, many: 2, other: 2 };

/** Add translations. @param {Words} words */
export const addWords = (words) => { Object.assign(known, words); };

/**
 * Load the Russian words of a folder before its texts are made; nothing in English.
 * @param {() => Promise<{default: Words}>} load such as `() => import('./ru.js')`
 */
export async function loadWords(load) {
  if (language === 'ru') addWords((await load().catch(() => ({ default: {} }))).default);
}

/**
 * A sentence in the language of the page.
 * @param {string} sentence in English, with gaps such as `{name}`
 * @param {Record<string, unknown>} [values] of the gaps
 */
export function t(sentence, values) {
  const found = known[sentence];
  return filled(typeof found === 'string' ? found : sentence, values);
}

/**
 * A sentence that counts, in the plural form of the language. `{n}` becomes the number.
 * @param {string} one "{n} file"
 * @param {string} many "{n} files"; the key of the Russian forms, for 1, 2 and 5
 * @param {number} n
 * @param {Record<string, unknown>} [values]
 */
export function tn(one, many, n, values = {}) {
  const form = plurals.select(n), forms = known[many];
  const sentence = Array.isArray(forms) ? forms[FORMS[form] ?? 2] : form === 'one' ? one : many;
  return filled(sentence, { n: new Intl.NumberFormat(language).format(n), ...values });
}

/** @param {string} sentence @param {Record<string, unknown>} [values] */
function filled(sentence, values) {
  return values ? sentence.replace(/\{(\w+)\}/g, (gap, name) => (name in values ? String(values[name]) : gap)) : sentence;
}
