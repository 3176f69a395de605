// The list of files: rows show the current state; links can be copied and files deleted.

import { api, urlOf } from './api.js';
import { fillPanel } from './details.js';
import { $, announce, complain, copyOf, filesUrl, h, slot, webUrl } from './page.js';
import { thumbnailOf } from './thumbnail.js';
import { bytes, dateOf, kindOf, nameOf, visible } from './words.js';

const FIRST_POLL = 500, LAST_POLL = 15_000; // milliseconds
const [list, pager] = ['#list', '#pager'].map((id) => $(id));

const shown = new Map(); // id → {file, row}
const fileOf = (node) => shown.get(node.closest('.file')?.dataset.id)?.file;
const settled = (file) => ['processed', 'failed'].includes(file.state);

/** Show a new file or update a known one. Rows that the server rendered are reused. */
export function show(file, where = 'append') {
  let row = shown.get(file.id)?.row ?? $(`[data-id="${CSS.escape(file.id)}"]`, list);
  if (!row) {
    row = copyOf('#file-row');
    row.classList.toggle('new', where === 'prepend');
    list[where](row);
  }
  shown.set(file.id, { file, row });
  fill(row, file);
  if (!settled(file) || (file.state === 'processed' && !file.derivatives)) watch(file.id);
}

/** Show a file that was just uploaded. */
export function arrive(file) {
  const isNew = !shown.has(file.id);
  if ($('#page').dataset.number === '1') show(file, 'prepend'); // the newest files are on the first page
  if (isNew) changeCount(+1);
}

function fill(row, file) {
  const name = nameOf(file);
  const texts = { name, size: bytes(file.size), type: visible(file.media_type), when: dateOf(file.uploaded_at), state: file.state, trouble: visible(file.error?.detail) };
  for (const [key, text] of Object.entries(texts)) slot(key, row).textContent = text;
  Object.assign(row.dataset, { id: file.id, state: file.state });
  slot('trouble', row).hidden = !file.error;
  slot('name', row).title = name;
  slot('when', row).dateTime = file.uploaded_at;
  slot('original', row).href = webUrl(file.file);
  $('.quick', row).setAttribute('aria-label', `Copy the link to ${name}`);
  $('use', row).setAttribute('href', `#icon-${kindOf(file.media_type)}`);
  fillThumbnail($('.thumb', row), thumbnailOf(file));
  if ($('details', row).open) fillPanel(row, file);
}

function fillThumbnail(box, made) {
  if (!made || $('img', box)) return;
  const picture = h('img', { src: webUrl(made.url), alt: '', decoding: 'async' });
  picture.addEventListener('error', () => picture.remove());
  box.append(picture);
}

export async function goTo(page) {
  complain('');
  try {
    const { results, count, next, previous } = await api(`${filesUrl}?page=${page}`);
    for (const state of [shown, watched]) state.clear();
    list.replaceChildren();
    results.forEach((file) => show(file));
    setCount(count);
    $('#page').textContent = `Page ${$('#page').dataset.number = page}`;
    for (const [rel, to] of [['prev', previous], ['next', next]]) Object.assign($(`[rel=${rel}]`, pager), { hidden: !to, href: `?page=${to}` });
    pager.hidden = !next && !previous;
    return true;
  } catch (error) { complain(error.message); }
}

export async function turnPage(event) {
  const link = event.target.closest('a[rel]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const page = new URL(link.href).searchParams.get('page');
  if (!await goTo(page)) return;
  history.pushState(null, '', `?page=${page}`);
  $('#files').focus();
  announce(`Page ${page}, ${list.children.length} files`);
}

function setCount(count) {
  $('#count').textContent = $('#count').dataset.count = Math.max(0, count);
  $('#empty').hidden = list.children.length > 0;
}
const changeCount = (by) => setCount(Number($('#count').dataset.count) + by);

/* ---- Polling: one request at a time, at growing intervals, none while the page is hidden ---- */

const watched = new Map(); // id → {due, delay}
let pollTimer, polling = false;

function watch(id) {
  if (!watched.has(id)) watched.set(id, { due: Date.now() + FIRST_POLL, delay: FIRST_POLL });
  schedule();
}

const soonest = () => [...watched].reduce((a, b) => b[1].due < a[1].due ? b : a);

export function schedule() {
  clearTimeout(pollTimer);
  if (!polling && !document.hidden && watched.size) pollTimer = setTimeout(poll, soonest()[1].due - Date.now());
}

async function poll() {
  if (!watched.size) return;
  const [id, turn] = soonest();
  polling = true;
  await refresh(id).catch(({ status }) => { if (status === 404) forget(id); });
  polling = false;
  turn.delay = Math.min(turn.delay * 1.5, LAST_POLL);
  turn.due = Date.now() + turn.delay;
  schedule();
}

async function refresh(id) {
  const file = { derivatives: [], facts: {}, ...await api(urlOf(id)) };
  const before = shown.get(id)?.file;
  if (settled(file) || !before) watched.delete(id);
  if (!before || JSON.stringify(file) === JSON.stringify(before)) return;
  show(file);
  if (settled(file) && !settled(before)) announce(`${nameOf(file)}: ${file.state}. ${visible(file.error?.detail)}`);
}

function forget(id) {
  watched.delete(id);
  shown.get(id)?.row.remove();
  if (shown.delete(id)) changeCount(-1);
}

export function opened({ target }) {
  const file = fileOf(target), row = target.closest('.file');
  if (!target.open || !file) return;
  fillPanel(row, file);
  if (!file.facts) refresh(file.id).catch(({ message }) => slot('more', row).append(h('p', { class: 'problem' }, visible(message))));
}

/* ---- Copy and delete ---- */

async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.body.appendChild(h('textarea', { class: 'sr-only' })); // plain HTTP has no clipboard API
  field.value = text;
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  if (!done) throw new Error('The link could not be copied.');
}

async function copyLink(file, button) {
  await copyText(new URL(webUrl(file.file), location.href).href);
  announce('Link copied');
  button.classList.add('done');
  setTimeout(() => button.classList.remove('done'), 1600);
}

function confirmed(file) {
  const dialog = $('#confirm');
  slot('name', dialog).textContent = nameOf(file);
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener('close', () => done(dialog.returnValue === 'delete'), { once: true }));
}

async function remove(file) {
  if (!await confirmed(file)) return;
  await api(urlOf(file.id), { method: 'DELETE' }).catch((error) => { if (error.status !== 404) throw error; });
  const row = shown.get(file.id)?.row, neighbour = row?.nextElementSibling ?? row?.previousElementSibling;
  forget(file.id);
  announce(`${nameOf(file)} deleted`);
  (neighbour ? $('summary', neighbour) : $('#files')).focus();
  if (!list.children.length && !pager.hidden) await goTo(Math.max(1, $('#page').dataset.number - 1));
}

export async function rowAction({ target }) {
  const button = target.closest('[data-action]'), file = fileOf(target);
  if (!button || !file) return;
  complain('');
  await (button.dataset.action === 'copy' ? copyLink(file, button) : remove(file)).catch(({ message }) => complain(message));
}
