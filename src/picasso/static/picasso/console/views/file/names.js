// What people call types, formats, roles and processors.

import { visible } from '../../core/format.js';
import { t } from '../../core/words.js';

const OFFICE = 'application/vnd.openxmlformats-officedocument.';
const OPEN = 'application/vnd.oasis.opendocument.';

/** @type {Record<string, string>} */
const TYPES = {
  'image/jpeg': 'JPEG', 'image/png': 'PNG', 'image/gif': 'GIF', 'image/webp': 'WebP', 'image/avif': 'AVIF', 'image/heic': 'HEIC', 'image/tiff': 'TIFF', 'image/svg+xml': 'SVG', 'image/bmp': 'BMP', 'image/vnd.adobe.photoshop': 'Photoshop',
  'video/mp4': 'MP4', 'video/quicktime': 'QuickTime', 'video/x-matroska': 'Matroska', 'video/webm': 'WebM', 'video/x-msvideo': 'AVI',
  'audio/mpeg': 'MP3', 'audio/flac': 'FLAC', 'audio/wav': 'WAV', 'audio/ogg': 'Ogg', 'audio/mp4': 'M4A', 'audio/aac': 'AAC',
  'application/pdf': 'PDF', 'application/zip': 'ZIP', 'application/x-tar': 'TAR', 'application/gzip': 'gzip', 'application/x-7z-compressed': '7z',
  [`${OFFICE}wordprocessingml.document`]: 'Word', [`${OFFICE}spreadsheetml.sheet`]: 'Excel', [`${OFFICE}presentationml.presentation`]: 'PowerPoint',
  'application/msword': 'Word 97', 'application/vnd.ms-excel': 'Excel 97', 'application/vnd.ms-powerpoint': 'PowerPoint 97',
  [`${OPEN}text`]: 'OpenDocument', [`${OPEN}spreadsheet`]: 'OpenDocument', [`${OPEN}presentation`]: 'OpenDocument',
  'application/epub+zip': 'EPUB', 'text/rtf': 'RTF', 'text/csv': 'CSV', 'text/tab-separated-values': 'TSV', 'application/json': 'JSON', 'application/xml': 'XML', 'text/xml': 'XML', 'text/html': 'HTML', 'text/markdown': 'Markdown',
  'text/x-python': 'Python', 'application/javascript': 'JavaScript', 'text/javascript': 'JavaScript', 'text/x-c': 'C', 'text/x-c++': 'C++', 'text/x-java': 'Java', 'text/x-shellscript': 'Shell', 'text/css': 'CSS', 'text/x-ruby': 'Ruby', 'text/x-php': 'PHP', 'text/x-perl': 'Perl', 'text/x-go': 'Go', 'text/x-rust': 'Rust', 'text/calendar': 'iCalendar',
  'image/jxl': 'JPEG XL', 'image/vnd.microsoft.icon': 'ICO', 'application/vnd.rar': 'RAR', 'application/x-bzip2': 'bzip2', 'application/x-xz': 'xz', 'application/zstd': 'Zstandard', 'font/ttf': 'TrueType', 'font/otf': 'OpenType', 'font/woff': 'WOFF', 'font/woff2': 'WOFF 2',
  'application/x-ndjson': 'JSON Lines', 'application/vnd.apache.parquet': 'Parquet',
};

/** "JPEG"; the media type itself where people have no word for it. @param {string} type */
export const typeName = (type) => (type === 'text/plain' ? t('Text') : type === 'message/rfc822' ? t('Mail') : TYPES[type] ?? visible(type));

/** @type {Record<string, string>} */
const CODECS = { h264: 'H.264', hevc: 'HEVC', av1: 'AV1', vp8: 'VP8', vp9: 'VP9', mpeg4: 'MPEG-4', aac: 'AAC', mp3: 'MP3', opus: 'Opus', vorbis: 'Vorbis', flac: 'FLAC', alac: 'ALAC', ac3: 'AC-3', eac3: 'E-AC-3', amr_nb: 'AMR', mjpeg: 'Motion JPEG' };

/** @param {string} codec */
export const codecName = (codec) => CODECS[codec] ?? (/^pcm_/.test(codec) ? 'PCM' : visible(codec));

/** @type {Record<string, string>} */
const ABBREVIATIONS = { hls: 'HLS', pdf: 'PDF', sha256: 'SHA-256', iptc: 'IPTC', xmp: 'XMP', exif: 'EXIF', gps: 'GPS', dpi: 'DPI', icc: 'ICC' };

/** What is made of a file, and what makes it; the rest is said in English, as in the API. @type {Record<string, () => string>} */
const KNOWN = {
  poster: () => t('Poster'), preview: () => t('Preview'), cover: () => t('Cover'), waveform: () => t('Waveform'), 'waveform-peaks': () => t('Waveform peaks'),
  text: () => t('Text'), pdf: () => 'PDF', listing: () => t('Listing'), 'page-1': () => t('First page'), rendition: () => t('Rendition'), 'hls-playlist': () => t('HLS playlist'), 'hls-media': () => t('HLS media'), scan: () => t('Scan'),
  image: () => t('Picture'), video: () => t('Video'), audio: () => t('Audio'), document: () => t('Document'), table: () => t('Table'), archive: () => t('Archive'),
};

/** The name of a role or a processor: "thumbnail-256" → "Thumbnail 256". @param {string} name */
export function nameInWords(name) {
  const [, side, kind] = /^thumbnail-(\d+)(?:-(\w+))?$/.exec(name) ?? [];
  if (side) return [t('Thumbnail {side}', { side }), kind?.toUpperCase()].filter(Boolean).join(' ');
  return Object.hasOwn(KNOWN, name) ? KNOWN[name]() : asWords(name);
}

/** A key of facts, a role or the name of a processor as words: "thumbnail-256" → "Thumbnail 256". @param {string} key */
export const asWords = (key) => visible(key).replace(/^[a-z].*/s, (text) => {
  const [first, ...others] = text.split(/[_-]+/).filter(Boolean);
  return [ABBREVIATIONS[first] ?? first[0].toUpperCase() + first.slice(1), ...others.map((word) => ABBREVIATIONS[word] ?? word)].join(' ');
});
