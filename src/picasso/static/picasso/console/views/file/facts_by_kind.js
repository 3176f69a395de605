// The six to eight facts that people look for, by kind of file. Each is `[label, value]`; what is unknown is left out.

import { bytes, date, number, percent, visible } from '../../core/format.js';
import { t, tn } from '../../core/words.js';
import { codecName } from './names.js';
import { bitrate, frameRate, frequency, length, megapixels, paper, pixels } from './units.js';

/** @typedef {[string, unknown]} Fact */

const text = (value) => (value == null || value === '' ? undefined : visible([value].flat().join(', ')));
const when = (value) => (value && !Number.isNaN(Date.parse(value)) ? date(value) : text(value));
const some = (value, shown) => (value == null ? undefined : shown(value));
const joined = (...parts) => parts.filter(Boolean).join(' · ') || undefined;

const SPACES = { srgb: 'sRGB', rgb: 'RGB', cmyk: 'CMYK', rgb16: 'RGB', lab: 'Lab' };

/** @returns {Fact[]} */
export function ofPicture({ image = {} }) {
  const { exif = {}, animation } = image;
  return [
    [t('Dimensions'), image.width && joined(`${pixels(image.width, image.height)} px`, megapixels(image.width, image.height))],
    [t('Taken'), taken(exif.DateTimeOriginal)],
    [t('Camera'), text(camera(exif))],
    [t('Exposure'), joined(exposure(exif.ExposureTime), text(exif.FNumber), exif.ISOSpeedRatings && `ISO ${text(exif.ISOSpeedRatings)}`, focal(exif.FocalLength))],
    [t('Animation'), animation && joined(some(animation.frames, (n) => tn('{n} frame', '{n} frames', n)), some(animation.seconds, length))],
    [t('Pages'), image.pages > 1 && !animation ? number(image.pages) : undefined],
    [t('Colours'), joined(text(image.icc_profile ?? SPACES[image.colour_space] ?? image.colour_space), image.bit_depth && t('{n} bits', { n: image.bit_depth }), image.has_alpha && t('transparent'))],
  ];
}

/** "194 mm" of `194.0 mm`. */
const focal = (value) => text(value)?.replace(/\.0+(?=\D|$)/, '');

/** EXIF has no time zone: `2024:05:01 12:34:56`. */
function taken(value) {
  const match = /^(\d{4})[:-](\d{2})[:-](\d{2})[ T](\d{2}:\d{2}(?::\d{2})?)/.exec(value ?? '');
  return match ? when(`${match[1]}-${match[2]}-${match[3]}T${match[4]}`) : text(value);
}

function camera({ Make: make, Model: model }) {
  return make && model && !model.toLowerCase().startsWith(make.split(' ')[0].toLowerCase()) ? `${make} ${model}` : model ?? make;
}

const exposure = (value) => (value && !/s/.test(value) ? `${text(value)} s` : text(value)?.replace(/ sec\.?$/, ' s'));

/** @returns {Fact[]} */
export function ofVideo({ video = {} }) {
  const stream = (type) => video.streams?.find((each) => each.type === type && !each.cover) ?? {};
  const picture = stream('video'), sound = stream('audio');
  return [
    [t('Duration'), some(video.duration, length)],
    [t('Dimensions'), video.width && joined(`${pixels(video.width, video.height)} px`, text(picture.hdr))],
    [t('Frame rate'), some(picture.fps, frameRate)],
    [t('Bit rate'), some(video.bitrate, bitrate)],
    [t('Video'), some(picture.codec, codecName)],
    [t('Sound'), sound.codec && joined(codecName(sound.codec), some(sound.sample_rate, frequency), text(sound.layout))],
    [t('Recorded'), when(video.tags?.creation_time ?? video.tags?.date)],
    [t('Title'), text(video.tags?.title)],
  ];
}

/** @returns {Fact[]} */
export function ofAudio({ audio, video = {} }) {
  const facts = audio ?? video, { tags = {}, loudness } = facts;
  return [
    [t('Duration'), some(facts.duration, length)],
    [t('Title'), text(tags.title)],
    [t('Artist'), text(tags.artist)],
    [t('Album'), text(tags.album)],
    [t('Bit rate'), some(facts.bitrate, bitrate)],
    [t('Format'), facts.codec && joined(codecName(facts.codec), some(facts.sample_rate, frequency), text(facts.layout))],
    [t('Loudness'), some(loudness?.integrated_lufs, (level) => `${number(level, 1)} LUFS`)],
  ];
}

/** @returns {Fact[]} */
export function ofPdf({ pdf = {} }) {
  const size = pdf.page_sizes?.[0];
  return [
    [t('Pages'), some(pdf.pages, number)],
    [t('Page size'), size && paper(size.width, size.height)],
    [t('Title'), text(pdf.title)],
    [t('Author'), text(pdf.author)],
    [t('Created'), when(pdf.created)],
    [t('Made with'), text(pdf.creator ?? pdf.producer)],
    [t('Text'), pdf.text_layer === undefined ? undefined : pdf.text_layer ? t('can be searched') : t('none: scanned or drawn')],
    [t('Form'), pdf.form ? t('yes') : undefined],
    [t('Signatures'), pdf.signatures ? number(pdf.signatures) : undefined],
  ];
}

/** @returns {Fact[]} */
export function ofDocument({ document: facts = {} }) {
  return [
    [t('Title'), text(facts.title)],
    [t('Author'), text(facts.author)],
    [t('Pages'), some(facts.pages, number)],
    [t('Slides'), some(facts.slides, number)],
    [t('Sheets'), facts.sheets && joined(number(facts.sheets), text(facts.sheet_names?.slice(0, 3)))],
    [t('Words'), some(facts.words, number)],
    [t('Language'), text(language(facts.text_language ?? facts.language))],
    [t('Created'), when(facts.created)],
    [t('Modified'), when(facts.modified)],
    [t('Made with'), text(facts.application)],
  ];
}

function language(code) {
  try { return code && new Intl.DisplayNames(document.documentElement.lang, { type: 'language' }).of(code); } catch { return code; }
}

/** @returns {Fact[]} */
export function ofMail({ document: facts = {} }) {
  return [
    [t('From'), text(facts.from)],
    [t('To'), text(facts.to)],
    [t('Date'), when(facts.date)],
    [t('Attachments'), some(facts.attachments, number)],
    [t('Words'), some(facts.words, number)],
  ];
}

/** @type {Record<string, string>} */
const DELIMITERS = { ',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'bar', ' ': 'space' };

/** @returns {Fact[]} */
export function ofTable({ table = {} }) {
  const { delimiter } = table.dialect ?? {};
  return [
    [t('Rows'), some(table.rows, (rows) => (table.sampled ? t('more than {n}', { n: number(rows) }) : number(rows)))],
    [t('Columns'), some(table.columns_total ?? table.columns?.length, number)],
    [t('Separator'), delimiter && (DELIMITERS[delimiter] ? separator(DELIMITERS[delimiter]) : text(delimiter))],
    [t('Encoding'), text(table.encoding)],
    [t('Broken rows'), table.malformed_rows ? number(table.malformed_rows) : undefined],
  ];
}

const separator = (name) => ({ comma: t('comma'), semicolon: t('semicolon'), tab: t('tab'), bar: t('bar'), space: t('space') })[name];

/** @returns {Fact[]} */
export function ofArchive({ archive = {} }) {
  return [
    [t('Files'), some(archive.files, number)],
    [t('Folders'), archive.folders ? number(archive.folders) : undefined],
    [t('Unpacked'), some(archive.total_unpacked, bytes)],
    [t('Packed to'), archive.ratio > 1 ? percent(1 / archive.ratio) : undefined],
    [t('Archives inside'), archive.nested_archives ? number(archive.nested_archives) : undefined],
    [t('Names'), archive.names_encoding && archive.names_encoding !== 'utf-8' ? text(archive.names_encoding) : undefined],
  ];
}

/** @returns {Fact[]} */
export function ofText({ text: facts = {} }) {
  return [
    [t('Lines'), some(facts.lines, number)],
    [t('Words'), some(facts.words, number)],
    [t('Characters'), some(facts.characters, number)],
    [t('Encoding'), text(facts.encoding)],
    [t('Line ends'), text(facts.line_ends)?.toUpperCase()],
    [t('Syntax'), facts.well_formed == null ? undefined : facts.well_formed ? t('well-formed') : t('not well-formed')],
  ];
}
