// What the address of the list says, and what the API is asked for.

import { t } from '../../core/words.js';
import { bytes, day as dayText } from '../../core/format.js';

const OFFICE = 'application/vnd.openxmlformats-officedocument.', OPEN = 'application/vnd.oasis.opendocument.';
const DOCUMENTS = [
  'application/msword', 'application/rtf', 'text/rtf', `${OFFICE}wordprocessingml.document`, `${OFFICE}wordprocessingml.template`,
  'application/vnd.ms-word.document.macroenabled.12', `${OPEN}text`, `${OPEN}text-template`, 'application/vnd.apple.pages',
];
const SPREADSHEETS = [
  'application/vnd.ms-excel', `${OFFICE}spreadsheetml.sheet`, `${OFFICE}spreadsheetml.template`, 'application/vnd.ms-excel.sheet.macroenabled.12',
  'application/vnd.ms-excel.sheet.binary.macroenabled.12', `${OPEN}spreadsheet`, 'application/vnd.apple.numbers',
];
const PRESENTATIONS = [
  'application/vnd.ms-powerpoint', `${OFFICE}presentationml.presentation`, `${OFFICE}presentationml.slideshow`,
  'application/vnd.ms-powerpoint.presentation.macroenabled.12', `${OPEN}presentation`, 'application/vnd.apple.keynote',
];
const TABLES = ['text/csv', 'text/tab-separated-values', 'application/x-ndjson', 'application/jsonl', 'application/vnd.apache.parquet'];
const MAILS = ['message/*', 'application/vnd.ms-outlook', 'application/mbox'];
const DATA = ['application/json', 'application/xml', 'text/xml', 'application/yaml', 'application/toml', 'application/geo+json', 'application/ld+json'];
const ARCHIVES = [
  'application/zip', 'application/x-tar', 'application/gzip', 'application/x-7z-compressed', 'application/vnd.rar',
  'application/x-rar', 'application/x-bzip2', 'application/x-xz', 'application/zstd',
];

/** The kinds that can be chosen: the word in the address, its label, and the media types of the API. */
export const KINDS = [
  ['image', () => t('Pictures'), ['image/*']],
  ['video', () => t('Videos'), ['video/*']],
  ['audio', () => t('Audio'), ['audio/*']],
  ['pdf', () => 'PDF', ['application/pdf']],
  ['document', () => t('Documents'), DOCUMENTS],
  ['spreadsheet', () => t('Spreadsheets'), SPREADSHEETS],
  ['presentation', () => t('Presentations'), PRESENTATIONS],
  ['table', () => t('Tables'), TABLES],
  ['mail', () => t('Mail'), MAILS],
  ['data', () => t('Data'), DATA],
  ['text', () => t('Text and code'), ['text/*']],
  ['archive', () => t('Archives'), ARCHIVES],
];

export const STATES = [
  ['pending', () => t('Waiting')],
  ['processing', () => t('Processing')],
  ['processed', () => t('Processed')],
  ['failed', () => t('Failed')],
];

export const ORDERS = [
  ['-uploaded_at', () => t('Newest first')],
  ['uploaded_at', () => t('Oldest first')],
  ['name', () => t('Name, A to Z')],
  ['-name', () => t('Name, Z to A')],
  ['-size', () => t('Largest first')],
  ['size', () => t('Smallest first')],
];
export const NEWEST_FIRST = '-uploaded_at';

/** Addresses may have the names of the API as well. */
const NAMES_OF_THE_API = new Map(Object.entries({
  name: 'q', media_type: 'type', uploaded_after: 'after', uploaded_before: 'before', size_min: 'min', size_max: 'max', ordering: 'sort',
}));

/** The query with the names of the console. @param {URLSearchParams} query of the address */
export const ownNames = (query) => new URLSearchParams([...query].map(([name, value]) => [NAMES_OF_THE_API.get(name) ?? name, value]));

const labelOf = (choices, value) => choices.find(([name]) => name === value)?.[1]() ?? value;

/** Filters: the name in the address, the text of its chip, and what the API is asked for. */
const FILTERS = [
  ['q', (value) => t('Name: {text}', { text: value }), (value) => [['name', value]]],
  ['type', (value) => t('Type: {text}', { text: labelOf(KINDS, value) }), mediaTypes],
  ['state', (value) => t('State: {text}', { text: labelOf(STATES, value) }), (value) => [['state', value]]],
  ['after', (value) => t('From {date}', { date: dayOf(value) }), (value) => [['uploaded_after', midnight(value)]]],
  ['before', (value) => t('Until {date}', { date: dayOf(value) }), (value) => [['uploaded_before', midnight(value, 1)]]],
  ['min', (value) => t('At least {size}', { size: bytes(Number(value)) }), (value) => [['size_min', value]]],
  ['max', (value) => t('At most {size}', { size: bytes(Number(value)) }), (value) => [['size_max', value]]],
  ['tag', (value) => t('Tag: {text}', { text: value }), (value) => [['tag', value]]],
  ['owner', (value) => t('Owner: {text}', { text: value }), (value) => [['owner', value]]],
  ['pipeline', (value) => t('Pipeline: {text}', { text: value }), (value) => [['pipeline', value]]],
  ['error', (value) => t('Error: {text}', { text: value }), (value) => [['error', value]]],
  ['sha256', (value) => t('SHA-256: {text}', { text: value.slice(0, 12) }), (value) => [['sha256', value]]],
];

function mediaTypes(value) {
  const types = KINDS.find(([name]) => name === value)?.[2] ?? [value];
  return [['media_type', types.join(',')]];
}

/** The beginning of a day here, or of one so many days later, as the API takes it. */
function midnight(day, later = 0) {
  const [year, month, date_] = day.split('-').map(Number);
  const at = new Date(year, month - 1, date_ + later);
  return Number.isNaN(at.getTime()) ? day : at.toISOString();
}

function dayOf(day) {
  const at = midnight(day);
  return at === day ? day : dayText(at);
}

/** The filters in the address: a chip for each. @returns {{name: string, value: string, label: string}[]} */
export function chips(query) {
  return FILTERS.flatMap(([name, label]) =>
    query.getAll(name).filter(Boolean).map((value) => ({ name, value, label: label(value) })));
}

/** What the API is asked for, without a page. @param {URLSearchParams} query of the address */
export function filtersOf(query) {
  const found = new URLSearchParams();
  for (const [name, , asked] of FILTERS)
    for (const value of query.getAll(name).filter(Boolean))
      for (const [parameter, text] of asked(value)) found.append(parameter, text);
  return found;
}

export const orderOf = (query) => {
  const given = query.get('sort');
  return ORDERS.some(([name]) => name === given) ? given : NEWEST_FIRST;
};

export const LAYOUTS = ['table', 'grid', 'days'];

/** Days need an order by time. */
export const layoutOf = (query) => {
  const given = query.get('view');
  if (given === 'days' && !orderOf(query).includes('uploaded_at')) return 'grid';
  return LAYOUTS.includes(given) ? given : 'table';
};

/** The address with this change. Null removes a parameter. @returns {URLSearchParams} */
export function changed(query, changes) {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    for (const each of [value].flat()) if (each != null && each !== '') next.append(name, each);
  }
  return next;
}

/** The address without one chip. */
export const without = (query, { name, value }) =>
  changed(query, { [name]: query.getAll(name).filter((each) => each !== value) });

/** The address without any filter; sort and layout stay. */
export const withoutFilters = (query) => changed(query, Object.fromEntries(FILTERS.map(([name]) => [name, null])));

export const addressOf = (query) => `${location.pathname}${String(query) && `?${query}`}`;
