// The queue of uploads: a few at a time, each with a row that shows its progress.

import { Delivery, abandon, arrived } from './delivery.js';
import { arrive } from './files.js';
import { claimed, fileIn, forget, onChange, printOf, remembered } from './memory.js';
import { $, announce, complain, copyOf, maxSize, slot } from './page.js';
import { bytes, duration, exactBytes, nameOf, visible } from './words.js';

const MAX_ACTIVE = 3; // uploads at once: a browser opens six connections to a host, and the page needs some itself
const REPORT = 10_000; // milliseconds between two announcements of the progress
const RECENT = 8000; // milliseconds over which the speed is averaged
const STALL = 5000; // milliseconds without progress after which the row says so

// The action and the label of a row's first button, by the state of the row.
const FIRST = {
  again: ['pause', 'Pause'],
  sending: ['pause', 'Pause'],
  lost: ['now', 'Continue now'],
  paused: ['resume', 'Continue'],
  error: ['resume', 'Try again'],
  left: ['choose', 'Choose the file'],
};
const LAST = { error: 'Dismiss', left: 'Discard' };

const queue = [];
const active = new Set();
const chosen = new Set(); // prints of the files that were chosen in this page
const left = new Map(); // print → upload of an earlier page; its file must be chosen again

export const inProgress = () => Boolean($('.upload:not([data-state="error"], [data-state="left"])'));

/* ---- Rows ---- */

function add(file) {
  const upload = { file, row: copyOf('#upload-row') };
  slot('name', upload.row).textContent = nameOf(file);
  $('progress', upload.row).setAttribute('aria-label', `Upload of ${nameOf(file)}`);
  upload.row.addEventListener('click', ({ target }) => ACTIONS[target.dataset.action]?.(upload));
  $('#uploads').append(upload.row);
  return upload;
}

function set(upload, state, note) {
  const { row } = upload, [action, label] = FIRST[state] ?? [], first = slot('first', row);
  clearInterval(upload.clock);
  row.dataset.state = upload.state = state;
  slot('note', row).textContent = visible(note);
  first.hidden = !action || (action === 'pause' && upload.delivery.small);
  Object.assign(first, { textContent: label });
  first.dataset.action = action;
  $('[data-action=cancel]', row).textContent = LAST[state] ?? 'Cancel';
}

const tell = ({ file }, text) => announce(`${nameOf(file)}: ${visible(text)}`);
const percent = (sent, { size }) => Math.floor(sent / (size || 1) * 100);
const reached = ({ sent = 0, file }) => percent(sent, file);

/* ---- The queue ---- */

export function enqueue(files) {
  for (const file of files) {
    const print = printOf(file), upload = left.get(print) ?? add(file);
    left.delete(print);
    chosen.add(print);
    upload.file = file;
    upload.delivery = new Delivery(file, listenerOf(upload));
    if (Number(maxSize) && file.size > maxSize) refuse(upload);
    else wait(upload, 'waiting');
  }
  pump();
}

function wait(upload, state, where = 'push') {
  set(upload, state, 'Waiting to start');
  queue[where](upload);
}

function pump() {
  while (active.size < MAX_ACTIVE) {
    const upload = queue.find((one) => !active.has(one)); // a stopped one may still be ending
    if (!upload) return;
    unqueue(upload);
    send(upload);
  }
}

async function send(upload) {
  active.add(upload);
  upload.spoken = performance.now();
  try {
    const file = await upload.delivery.run();
    upload.row.remove();
    arrive(file);
    announce(`${nameOf(file)} uploaded`);
  } catch ({ message }) {
    if (!upload.delivery.stopped) fail(upload, message);
  }
  active.delete(upload);
  pump();
}

function refuse(upload) {
  const words = bytes(upload.file.size) === bytes(Number(maxSize)) ? exactBytes : bytes;
  fail(upload, `Not sent: this file has ${words(upload.file.size)}, and the limit is ${words(Number(maxSize))}.`);
  slot('first', upload.row).hidden = true;
}

function fail(upload, text) {
  set(upload, 'error', text);
  tell(upload, text);
}

/* ---- How it goes ---- */

const listenerOf = (upload) => ({
  progress: (sent) => progressed(upload, sent),
  lost: (trouble, due) => lost(upload, trouble, due),
  trying: () => { lostNote(upload); },
});

function progressed(upload, sent) {
  const { delivery, file: { size }, row } = upload, now = performance.now();
  if (delivery.stopped) return;
  if (upload.state !== 'sending') started(upload, sent);
  $('progress', row).value = size ? sent / size : 1;
  upload.sent = sent;
  const { marks } = upload;
  if (sent < size && now - (marks.at(-1)?.now ?? 0) < 250) return;
  marks.push({ now, sent });
  while (now - marks[0].now > RECENT) marks.shift();
  slot('note', row).textContent = sent === size ? `${bytes(size)} sent, being stored…` : howFar(upload, sent);
  if (now - upload.spoken < REPORT) return;
  upload.spoken = now;
  tell(upload, `${percent(sent, upload.file)} percent`);
}

function started(upload, sent) {
  const again = upload.state !== 'waiting' || upload.delivery.continued;
  set(upload, 'sending', '');
  upload.marks = [];
  upload.clock = setInterval(() => stalled(upload), 1000);
  if (again) tell(upload, `continuing at ${percent(sent, upload.file)} percent`);
}

/** There is no event for missing progress. Without this, the row would keep showing the last speed. */
function stalled({ file: { size }, marks, row, sent }) {
  if (sent === size || performance.now() - marks.at(-1).now < STALL) return;
  slot('note', row).textContent = `${bytes(sent)} of ${bytes(size)} · no connection at the moment, waiting…`;
}

function howFar({ file, marks, delivery }, sent) {
  const speed = (sent - marks[0].sent) / (marks.at(-1).now - marks[0].now) * 1000;
  const { continued, expired } = delivery;
  return [
    `${bytes(sent)} of ${bytes(file.size)}`,
    speed >= 1 && `${bytes(Math.round(speed))}/s`,
    speed >= 1 && `${duration((file.size - sent) / speed)} left`,
    continued > 0 && `continued from ${percent(continued, file)} %`,
    expired && 'started again: the earlier upload had expired',
  ].filter(Boolean).join(' · ');
}

function lost(upload, trouble, due) {
  if (upload.state !== 'lost') tell(upload, `${trouble.message.replace(/\.$/, '')}. The upload will continue automatically.`);
  set(upload, 'lost', '');
  Object.assign(upload, { trouble, due });
  lostNote(upload);
  upload.clock = setInterval(() => lostNote(upload), 1000);
}

/** What happened, and a countdown to the next attempt. The percentage counts what was sent; some may be unconfirmed. */
function lostNote(upload) {
  const { due, trouble } = upload, seconds = Math.ceil((due - Date.now()) / 1000);
  const when = seconds > 0 ? `in ${seconds} s` : 'now…';
  const where = navigator.onLine ? 'Connection lost' : 'Offline';
  slot('note', upload.row).textContent = trouble.status ? `${visible(trouble.message)} Trying again ${when}` : `${where} at ${reached(upload)} %, continuing ${when}`;
}

/* ---- Uploads of an earlier page ---- */

export function showLeft() {
  onChange(taken); // another window continues it or has ended it
  for (const [print, known] of remembered()) {
    if (known.abandoned) abandon(print, known);
    else if (known.id) look(print, known);
  }
}

async function look(print, known) {
  const offset = await arrived(known), file = fileIn(print);
  if (offset === null) return forget(print, known);
  if (await claimed(print) || chosen.has(print)) return; // chosen while this was waiting for the answers
  const upload = Object.assign(add(file), { print, known });
  left.set(print, upload);
  $('progress', upload.row).value = (offset ?? 0) / file.size;
  set(upload, 'left', `${offset ? `${percent(offset, file)} % of ${bytes(file.size)} uploaded` : 'Not finished'}: choose the file again to continue.`);
}

function taken(print) {
  left.get(print)?.row.remove();
  left.delete(print);
}

/* ---- Buttons ---- */

const ACTIONS = { pause, now, resume, choose, cancel };

function pause(upload) {
  unqueue(upload);
  upload.delivery.stop();
  set(upload, 'paused', `Paused at ${reached(upload)} %`);
  tell(upload, 'paused');
}

function now({ delivery }) { delivery.goOn(); }

function resume(upload) {
  wait(upload, 'again', 'unshift');
  pump();
}

function choose() { $('#pick').click(); }

function cancel(upload) {
  const { delivery, known, print, row, state } = upload;
  unqueue(upload);
  if (state !== 'error') tell(upload, 'cancelled');
  clearInterval(upload.clock);
  row.remove();
  if (delivery) delivery.cancel();
  else abandon(print, known);
  taken(print);
  $('#pick').focus();
}

function unqueue(upload) { if (queue.includes(upload)) queue.splice(queue.indexOf(upload), 1); }

/* ---- Drops ---- */

/** The files of a drop or a paste, without folders. */
export function filesOf({ items }) {
  const things = [...items].filter(({ kind }) => kind === 'file').map((item) => ({ file: item.getAsFile(), folder: item.webkitGetAsEntry?.()?.isDirectory }));
  complain(things.some(({ folder }) => folder) ? 'Folders cannot be uploaded. Open the folder and choose the files in it.' : '');
  return things.filter(({ file, folder }) => file && !folder).map(({ file }) => file);
}
