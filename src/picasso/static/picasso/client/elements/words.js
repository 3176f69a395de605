// What the elements say, in English and Russian. A page can replace sentences and add languages.

/**
 * A sentence, or its plural forms: https://cldr.unicode.org/index/cldr-spec/plural-rules. `{name}` is filled in.
 * @typedef {string | {[category: string]: string}} Sentence
 * @typedef {Record<string, Sentence>} Strings
 */

/** @type {Strings} */
const ENGLISH = {
  title: 'Upload files',
  choose: 'Choose a file',
  chooseMany: 'Choose files',
  drop: 'or drop it here',
  dropMany: 'or drop them here',
  dropNow: 'Drop to upload',
  images: 'Images',
  videos: 'Videos',
  audio: 'Sound',
  text: 'Text',
  upTo: 'up to {size}',
  upToFiles: { one: 'one file', other: 'up to {n} files' },
  required: 'required',
  queued: 'Queued',
  preparing: 'Shrinking the picture…',
  sending: '{sent} of {total}',
  storing: '{total} sent, being stored…',
  lost: 'Connection lost at {percent}. It goes on by itself.',
  busy: '{reason} It goes on by itself.',
  processing: 'Uploaded, being processed…',
  unprocessed: 'Uploaded, but not processed: {reason}',
  failed: 'Not uploaded: {reason}',
  retry: 'Retry',
  retryFile: 'Retry {name}',
  remove: 'Remove {name}',
  progress: 'Upload of {name}',
  added: { one: '{n} file added', other: '{n} files added' },
  percent: '{percent} uploaded',
  uploaded: { one: '{n} file uploaded', other: '{n} files uploaded' },
  failures: { one: '{n} file failed', other: '{n} files failed' },
  removed: '{name} removed',
  tooLarge: 'the file is {size}, and the limit is {limit}.',
  wrongType: 'only these types are accepted: {types}.',
  tooMany: { one: 'only one file is accepted.', other: 'only {n} files are accepted.' },
  empty: 'the file is empty.',
  folder: 'folders can’t be uploaded. Choose the files in it.',
  noAnswer: 'the service can’t be reached.',
  noToken: 'this page has no permission for it any more. Load the page again.',
  unreadable: 'the file can’t be read, or it has changed.',
  missing: 'Choose a file.',
  unfinished: 'Wait until the upload is finished.',
  unresolved: 'Remove what was not uploaded, or retry it.',
  unnamed: 'unnamed file',
  loading: 'Loading…',
  pending: 'Waiting to be processed',
  beingProcessed: 'Being processed…',
  notProcessed: 'Not processed: {reason}',
  quarantined: 'Held back until it is known to be free of malware',
  gone: 'This file is not there any more.',
  unavailable: 'This file can’t be shown: {reason}',
  download: 'Download',
  downloadFile: 'Download {name}',
};

/** @type {Strings} */
const RUSSIAN = {
  title: 'Загрузка файлов',
  choose: 'Выбрать файл',
  chooseMany: 'Выбрать файлы',
  drop: 'или перетащите его сюда',
  dropMany: 'или перетащите их сюда',
  dropNow: 'Отпустите, чтобы загрузить',
  images: 'Изображения',
  videos: 'Видео',
  audio: 'Звук',
  text: 'Текст',
  upTo: 'до {size}',
  upToFiles: { one: 'не больше {n} файла', other: 'не больше {n} файлов' },
  required: 'обязательно',
  queued: 'В очереди',
  preparing: 'Изображение уменьшается…',
  sending: '{sent} из {total}',
  storing: 'Отправлено {total}, файл сохраняется…',
  lost: 'Связь прервалась на {percent}. Загрузка продолжится сама.',
  busy: '{reason} Загрузка продолжится сама.',
  processing: 'Загружен, обрабатывается…',
  unprocessed: 'Загружен, но не обработан: {reason}',
  failed: 'Не загружен: {reason}',
  retry: 'Повторить',
  retryFile: 'Повторить: {name}',
  remove: 'Убрать: {name}',
  progress: 'Загрузка: {name}',
  added: { one: 'Добавлен {n} файл', few: 'Добавлено {n} файла', other: 'Добавлено {n} файлов' },
  percent: 'Загружено {percent}',
  uploaded: { one: 'Загружен {n} файл', few: 'Загружено {n} файла', other: 'Загружено {n} файлов' },
  failures: { one: 'Не загружен {n} файл', few: 'Не загружено {n} файла', other: 'Не загружено {n} файлов' },
  removed: 'Убран: {name}',
  tooLarge: 'размер файла {size}, а предел {limit}.',
  wrongType: 'принимаются только: {types}.',
  tooMany: { one: 'принимается не больше {n} файла.', other: 'принимается не больше {n} файлов.' },
  empty: 'файл пуст.',
  folder: 'папку загрузить нельзя. Выберите файлы в ней.',
  noAnswer: 'сервис недоступен.',
  noToken: 'у страницы больше нет на это разрешения. Обновите её.',
  unreadable: 'файл не читается, или он изменился.',
  missing: 'Выберите файл.',
  unfinished: 'Подождите, пока загрузка закончится.',
  unresolved: 'Уберите то, что не загрузилось, или повторите загрузку.',
  unnamed: 'файл без имени',
  loading: 'Загружается…',
  pending: 'Ждёт обработки',
  beingProcessed: 'Обрабатывается…',
  notProcessed: 'Не обработан: {reason}',
  quarantined: 'Задержан, пока не проверен на вредоносный код',
  gone: 'Этого файла больше нет.',
  unavailable: 'Файл нельзя показать: {reason}',
  download: 'Скачать',
  downloadFile: 'Скачать: {name}',
};

/** @type {Map<string, Strings>} */
const LANGUAGES = new Map([['en', ENGLISH], ['ru', RUSSIAN]]);

/**
 * Add a language, or replace sentences of one. What it lacks stays English.
 * @param {string} tag of BCP 47, as in `lang`: "de" also serves "de-AT"
 * @param {Strings} strings
 */
export function addLanguage(tag, strings) {
  const known = LANGUAGES.get(tag.toLowerCase());
  LANGUAGES.set(tag.toLowerCase(), { ...known, ...strings });
}

/** The sentences of one element. */
export class Words {
  /** @param {string} lang @param {Strings} [own] come first */
  constructor(lang, own = {}) {
    const [language] = lang.toLowerCase().split('-');
    const found = LANGUAGES.get(lang.toLowerCase()) ?? LANGUAGES.get(language);
    this.lang = found ? localeOf(lang) : 'en';
    this.strings = { ...ENGLISH, ...found, ...own };
  }

  /** @param {string} key @param {Record<string, string | number>} [values] `n` chooses the plural form */
  say(key, values = {}) {
    const sentence = this.strings[key] ?? '';
    const text = typeof sentence === 'string' ? sentence : sentence[this.#plural(Number(values.n))] ?? sentence.other ?? '';
    return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
  }

  /** @param {number} n */
  #plural(n) { return new Intl.PluralRules(this.lang).select(n); }
}

/** The tag if it is one, else English. @param {string} tag */
function localeOf(tag) {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? 'en';
  } catch {
    return 'en';
  }
}
