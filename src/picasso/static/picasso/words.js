// Texts: untrusted text made safe to show, and numbers, sizes and dates for people.

/** Control characters become symbols; characters that reorder or hide text become their code points. */
export function visible(text, keep = '') {
  return String(text ?? '')
    .replace(/[\0-\x1f\x7f]/g, (c) => keep.includes(c) ? c : String.fromCodePoint(c === '\x7f' ? 0x2421 : 0x2400 + c.codePointAt()))
    .replace(/[\x80-\x9f\xad\u180e\u200b\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
      (c) => `⟨U+${c.codePointAt().toString(16).toUpperCase().padStart(4, '0')}⟩`);
}

export const nameOf = (file) => visible(file.name).trim() || 'unnamed file';
export const humanise = (key) => visible(key).replace(/^[a-z].*/s, (k) => k[0].toUpperCase() + k.slice(1).replace(/[_-]+/g, ' '));
export const number = (n) => new Intl.NumberFormat('en', { maximumFractionDigits: 3, useGrouping: 'min2' }).format(n);
export const exactBytes = (size) => `${number(size)} byte${size === 1 ? '' : 's'}`;
export const dateOf = (text) => new Date(text).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export function bytes(size) {
  const power = Math.min(Math.floor(Math.log2(size || 1) / 10), 5);
  return power ? `${(size / 1024 ** power).toFixed(1)} ${' KMGTP'[power]}B` : exactBytes(size);
}

export function duration(seconds) {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60), hours = Math.floor(minutes / 60);
  return hours ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}

export function kindOf(type) {
  const [major, minor = ''] = String(type).split('/');
  if (['image', 'video', 'audio', 'text'].includes(major)) return major;
  if (/pdf|document|msword|ms-excel|ms-powerpoint|sheet|presentation|epub|rtf/.test(minor)) return 'document';
  return /zip|tar|compressed|rar|archive|xz/.test(minor) ? 'archive' : 'file';
}
