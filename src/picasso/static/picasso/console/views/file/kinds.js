// Which viewer shows a file. A viewer is a module with `mount(host, file, tools)` that returns `{update(file), unmount()}`.

import { derivative, stillOf } from './addresses.js';

/** Pictures that browsers show as they are. SVG is not among them: it is shown as the picture that was made of it. */
export const PICTURES = /^image\/(jpeg|png|gif|webp|avif|bmp|vnd\.microsoft\.icon)$/;

const TEXTS = /^text\/|[+/](json|xml)$|^application\/(javascript|typescript|sql|toml|yaml|x-yaml|x-ndjson|graphql|x-subrip|x-powershell|x-plist|postscript)$/;
const MAILS = /^message\/rfc822$|^application\/vnd\.ms-outlook$/;

/** The first that fits is taken. */
const KINDS = [
  ['picture', (file) => file.media_type.startsWith('image/') && (PICTURES.test(file.media_type) || stillOf(file))],
  ['video', (file) => !isSoundOnly(file) && (file.media_type.startsWith('video/') || derivative(file, 'poster') || file.facts.video?.width)],
  ['audio', (file) => file.media_type.startsWith('audio/') && !derivative(file, 'text') && !file.facts.text || derivative(file, 'waveform-peaks')],
  ['pdf', (file) => file.media_type === 'application/pdf'],
  ['font', (file) => /^font\/(ttf|otf|sfnt|woff2?)$/.test(file.media_type)],
  ['archive', (file) => derivative(file, 'listing')],
  ['table', (file) => file.facts.table && derivative(file, 'preview')],
  ['mail', (file) => MAILS.test(file.media_type) && file.facts.document],
  ['document', (file) => derivative(file, 'text')],
  ['text', (file) => file.facts.text || TEXTS.test(file.media_type) && !/^text\/(html|rtf)$/.test(file.media_type)],
];

/** A film without pictures has a waveform and no poster. */
const isSoundOnly = (file) => derivative(file, 'waveform-peaks') && !derivative(file, 'poster');

const LOADERS = {
  picture: () => import('./viewers/picture.js'),
  video: () => import('./viewers/video.js'),
  audio: () => import('./viewers/audio.js'),
  pdf: () => import('./viewers/pdf.js'),
  font: () => import('./viewers/font.js'),
  archive: () => import('./viewers/archive.js'),
  table: () => import('./viewers/table.js'),
  mail: () => import('./viewers/mail.js'),
  document: () => import('./viewers/document.js'),
  text: () => import('./viewers/text.js'),
  none: () => import('./viewers/none.js'),
};

/** @returns {string} the name of a viewer */
export function kindOf(file) {
  if (file.quarantined) return 'none';
  return KINDS.find(([, fits]) => fits(file))?.[0] ?? 'none';
}

export const loadViewer = (kind) => LOADERS[kind]();

/** Players go on while more is made of what they play. */
const LASTING = ['video', 'audio'];

/** The same for files that a viewer shows alike: it need not begin anew when only links or descriptions have changed. */
export function identity(file) {
  if (LASTING.includes(kindOf(file))) return `${file.id} ${kindOf(file)}`;
  const made = file.derivatives.map(({ role, size }) => `${role}:${size}`);
  return [file.id, kindOf(file), ...made].join(' ');
}
