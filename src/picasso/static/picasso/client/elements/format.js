// Names, sizes and numbers for people.

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];

/** A size in units of 1000, such as "1.5 MB". @param {number} size bytes @param {string} lang */
export function bytes(size, lang) {
  const power = size < 1000 ? 0 : Math.min(Math.floor(Math.log10(size) / 3), UNITS.length - 1);
  const value = size / 1000 ** power;
  return new Intl.NumberFormat(lang, {
    style: 'unit', unit: UNITS[power], unitDisplay: power ? 'short' : 'long', maximumFractionDigits: power && value < 100 ? 1 : 0,
  }).format(value);
}

/** Every byte of it, where two sizes would look the same. @param {number} size @param {string} lang */
export function exactBytes(size, lang) {
  return new Intl.NumberFormat(lang, { style: 'unit', unit: 'byte', unitDisplay: 'long' }).format(size);
}

/** @param {number} sent @param {number} total @param {string} lang */
export function percent(sent, total, lang) {
  return new Intl.NumberFormat(lang, { style: 'percent' }).format(Math.floor((100 * sent) / (total || 1)) / 100);
}

/** Control characters become symbols; characters that reorder or hide text become their code points. @param {unknown} text */
export function visible(text) {
  return String(text ?? '')
    .replace(/[\0-\x1f]/g, (letter) => String.fromCodePoint(0x2400 + letter.charCodeAt(0)))
    .replace(/[\x7f-\x9f\xad\u180e\u200b\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
      (letter) => `⟨U+${letter.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`);
}

/** A long name is cut in the middle, as its end tells versions and types apart. @param {string} name @param {number} most letters */
export function middle(name, most = 48) {
  const letters = Array.from(name);
  if (letters.length <= most) return name;
  const end = Math.floor(most * 0.4);
  return `${letters.slice(0, most - end - 1).join('')}…${letters.slice(-end).join('')}`;
}

/** "20 MB", "1.5GB", "512KiB" or bytes; undefined for anything else. @param {string | number | null | undefined} text */
export function sizeOf(text) {
  const found = /^\s*([\d.]+)\s*([kmgt]?)(i?)b?\s*$/i.exec(String(text ?? ''));
  if (!found) return undefined;
  const power = ' kmgt'.indexOf(found[2].toLowerCase() || ' ');
  const size = Number(found[1]) * (found[3] ? 1024 : 1000) ** power;
  return Number.isFinite(size) ? Math.floor(size) : undefined;
}
