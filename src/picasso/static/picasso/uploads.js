// Files on their way to the service, a few at a time.

import { sentence } from './api.js';
import { changeCount, show } from './files.js';
import { $, announce, complain, copyOf, maxSize, slot, uploadUrl } from './page.js';
import { bytes, exactBytes, nameOf, visible } from './words.js';

const LANES = 3; // uploads at once: a browser gives six connections to one host, and the page needs some for itself
const uploads = $('#uploads');

const queue = [];
const active = new Set();

export const underWay = () => active.size + queue.length > 0;

export function enqueue(files) {
  for (const file of files) {
    const upload = { file, row: copyOf('#upload-row') };
    slot('name', upload.row).textContent = nameOf(file);
    $('progress', upload.row).setAttribute('aria-label', `Upload of ${nameOf(file)}`);
    upload.row.addEventListener('click', ({ target }) => uploadAction(upload, target.dataset.action));
    uploads.append(upload.row);
    if (Number(maxSize) && file.size > maxSize) refuse(upload);
    else queue.push(upload);
  }
  pump();
}

const pump = () => { while (queue.length && active.size < LANES) send(queue.shift()); };

function refuse(upload) {
  const words = bytes(upload.file.size) === bytes(Number(maxSize)) ? exactBytes : bytes;
  fail(upload, `Not sent: this file has ${words(upload.file.size)}, and the limit is ${words(Number(maxSize))}.`, false);
}

function send(upload) {
  const xhr = upload.xhr = new XMLHttpRequest(), form = new FormData();
  form.append('file', upload.file);
  Object.assign(upload, { marks: [], spoken: performance.now() });
  active.add(upload);
  xhr.upload.addEventListener('progress', (event) => progressed(upload, event));
  xhr.addEventListener('load', () => answered(upload, xhr));
  xhr.addEventListener('error', () => fail(upload, 'The connection was cut before the upload was confirmed.'));
  xhr.addEventListener('loadend', () => { active.delete(upload); pump(); });
  xhr.open('POST', uploadUrl);
  xhr.setRequestHeader('Accept', 'application/json');
  xhr.send(form);
}

function progressed(upload, { loaded, total }) {
  const { row, marks } = upload, now = performance.now();
  $('progress', row).value = loaded / total;
  if (loaded < total && now - (marks.at(-1)?.now ?? 0) < 250) return;
  marks.push({ now, loaded });
  while (now - marks[0].now > 4000) marks.shift();
  const speed = Math.round((loaded - marks[0].loaded) / (now - marks[0].now) * 1000);
  slot('note', row).textContent = loaded === total ? `${bytes(total)} sent, being stored…`
    : `${bytes(loaded)} of ${bytes(total)}${speed > 0 ? ` · ${bytes(speed)}/s` : ''}`;
  if (now - upload.spoken < 10_000) return;
  upload.spoken = now;
  announce(`${nameOf(upload.file)}: ${Math.round(loaded / total * 100)} percent`);
}

function answered(upload, xhr) {
  let body = null;
  try { body = JSON.parse(xhr.responseText); } catch { /* a proxy's own page: the status has to do */ }
  if (xhr.status !== 201 || !body?.id) return fail(upload, sentence(xhr.status, body));
  upload.row.remove();
  show(body, 'prepend');
  changeCount(+1);
  announce(`${nameOf(body)} uploaded`);
}

function fail({ row, file }, text, again = true) {
  row.dataset.state = 'error';
  slot('note', row).textContent = visible(text);
  $('[data-action=retry]', row).hidden = !again;
  $('[data-action=cancel]', row).textContent = 'Dismiss';
  announce(`${nameOf(file)}: ${visible(text)}`);
}

function uploadAction(upload, action) {
  if (!action) return;
  if (queue.includes(upload)) queue.splice(queue.indexOf(upload), 1);
  if (active.has(upload)) announce(`${nameOf(upload.file)}: cancelled`);
  upload.row.remove();
  upload.xhr?.abort();
  $('#pick').focus();
  if (action === 'retry') enqueue([upload.file]);
}

/** The files of a drop or a paste; a folder can't be sent as one file. */
export function filesOf({ items }) {
  const things = [...items].filter(({ kind }) => kind === 'file').map((item) => ({ file: item.getAsFile(), folder: item.webkitGetAsEntry?.()?.isDirectory }));
  complain(things.some(({ folder }) => folder) ? 'A folder can’t be uploaded as such: open it and choose the files inside.' : '');
  return things.filter(({ file, folder }) => file && !folder).map(({ file }) => file);
}
