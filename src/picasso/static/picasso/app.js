// The page without this file is a form and a list. This adds drop, progress, live states, details, copy and delete.
// Whatever came from a stranger (names, facts, problems) goes in as text, never as markup.

const $ = (selector, root = document) => root.querySelector(selector);
const slot = (name, root) => $(`[data-slot="${name}"]`, root);
const [list, uploads, pager, notice] = ['#list', '#uploads', '#pager', '#notice'].map((id) => $(id));
const { uploadUrl, filesUrl, maxSize } = document.body.dataset;
const LANES = 3; // uploads at once: a browser gives six connections to one host, and the page needs some for itself
const FIRST_POLL = 500, LAST_POLL = 15_000; // milliseconds

/* ---- Words ---- */

/** Controls become their pictures; what would reorder or hide text becomes its number. */
function visible(text, keep = '') {
  return String(text ?? '')
    .replace(/[\0-\x1f\x7f]/g, (c) => keep.includes(c) ? c : String.fromCodePoint(c === '\x7f' ? 0x2421 : 0x2400 + c.codePointAt()))
    .replace(/[\x80-\x9f\xad\u180e\u200b\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
      (c) => `⟨U+${c.codePointAt().toString(16).toUpperCase().padStart(4, '0')}⟩`);
}

const nameOf = (file) => visible(file.name).trim() || 'unnamed file';
const humanise = (key) => visible(key).replace(/^[a-z].*/s, (k) => k[0].toUpperCase() + k.slice(1).replace(/[_-]+/g, ' '));
const number = (n) => new Intl.NumberFormat('en', { maximumFractionDigits: 3, useGrouping: 'min2' }).format(n);
const exactBytes = (size) => `${number(size)} byte${size === 1 ? '' : 's'}`;
const dateOf = (text) => new Date(text).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });

function bytes(size) {
  const power = Math.min(Math.floor(Math.log2(size || 1) / 10), 5);
  return power ? `${(size / 1024 ** power).toFixed(1)} ${' KMGTP'[power]}B` : exactBytes(size);
}

function kindOf(type) {
  const [major, minor = ''] = String(type).split('/');
  if (['image', 'video', 'audio', 'text'].includes(major)) return major;
  if (/pdf|document|msword|ms-excel|ms-powerpoint|sheet|presentation|epub|rtf/.test(minor)) return 'document';
  return /zip|tar|compressed|rar|archive|xz/.test(minor) ? 'archive' : 'file';
}

/* ---- Elements ---- */

function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null) node.setAttribute(name, value);
  node.append(...children.filter(Boolean));
  return node;
}

const webUrl = (url) => /^(https?:\/)?\//i.test(url) ? url : '#'; // no javascript:
const copyOf = (id) => $(id).content.firstElementChild.cloneNode(true);
const announce = (text) => { $('#status').textContent = text; };
const complain = (text) => { notice.textContent = visible(text); notice.hidden = !text; };

/* ---- The API ---- */

/** The most telling sentence of a problem+json answer, whatever is missing from it. */
function sentence(status, body) {
  const fields = Object.values(body?.errors ?? {}).flat(2).map((error) => error?.detail ?? error?.message ?? error);
  const words = [body?.detail, ...fields, body?.title].find((word) => word && typeof word === 'string');
  return words ?? (status === 413 ? 'The file is larger than the server takes.' : `The server answered ${status}.`);
}

async function api(url, options) {
  const response = await fetch(url, { headers: { Accept: 'application/json' }, ...options })
    .catch(() => { throw new Error('The server can’t be reached.'); });
  if (response.ok) return response.status === 204 ? null : response.json();
  throw Object.assign(new Error(sentence(response.status, await response.json().catch(() => null))), { status: response.status });
}

const urlOf = (id) => `${filesUrl}${encodeURIComponent(id)}/`;

/* ---- The list ---- */

const shown = new Map(); // id → {file, row}
const fileOf = (node) => shown.get(node.closest('.file')?.dataset.id)?.file;
const settled = (file) => ['processed', 'failed'].includes(file.state);
const thumbnailOf = (file) => file.derivatives?.find(({ role }) => role === 'thumbnail-256');

/** Show a new file, or what is new about a known one; the page's own rows are taken over. */
function show(file, where = 'append') {
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

async function goTo(page) {
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

async function turnPage(event) {
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

/* ---- Waiting for the workers: one request at a time, ever more seldom, none while nobody looks ---- */

const watched = new Map(); // id → {due, delay}
let pollTimer, polling = false;

function watch(id) {
  if (!watched.has(id)) watched.set(id, { due: Date.now() + FIRST_POLL, delay: FIRST_POLL });
  schedule();
}

const soonest = () => [...watched].reduce((a, b) => b[1].due < a[1].due ? b : a);

function schedule() {
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

/* ---- Details ---- */

function opened({ target }) {
  const file = fileOf(target), row = target.closest('.file');
  if (!target.open || !file) return;
  fillPanel(row, file);
  if (!file.facts) refresh(file.id).catch(({ message }) => slot('more', row).append(h('p', { class: 'problem' }, visible(message))));
}

function fillPanel(row, file) {
  const made = thumbnailOf(file), { error, derivatives = [] } = file;
  const size = file.size < 1024 ? bytes(file.size) : `${bytes(file.size)} (${exactBytes(file.size)})`;
  const about = { 'Name': nameOf(file), 'Media type': file.media_type, 'Size': size, 'Uploaded': new Date(file.uploaded_at).toLocaleString(), 'SHA-256': file.sha256 };
  slot('more', row).replaceChildren(
    made ? h('img', { class: 'preview', src: webUrl(made.url), width: made.width, height: made.height, alt: `Thumbnail of ${nameOf(file)}` }) : '',
    h('div', { class: 'facts' },
      error && h('p', { class: 'problem' }, h('strong', {}, humanise(error.code)), ': ', h('bdi', {}, visible(error.detail))),
      definitions(about),
      derivatives.length > 0 && part('Made from it', h('p', { class: 'made' }, ...derivatives.map(derivativeLink))),
      ...Object.entries(file.facts ?? {}).map(([processor, facts]) => part(humanise(processor), value(facts)))),
  );
}

const part = (title, content) => h('section', {}, h('h3', {}, h('bdi', {}, title)), content);

function derivativeLink({ role, url, media_type: type, size, width, height }) {
  const about = [type, width && height && `${width} × ${height}`, size != null && bytes(size)].filter(Boolean).join(' · ');
  return h('a', { class: 'button', href: webUrl(url), target: '_blank', rel: 'noopener noreferrer' }, visible(role), h('small', {}, visible(about)));
}

function definitions(facts) {
  const told = Object.entries(facts).filter(([, fact]) => fact != null && fact !== '' && fact.length !== 0);
  return h('dl', {}, ...told.flatMap(([key, fact]) => {
    const content = value(fact, key);
    return [h('dt', {}, h('bdi', {}, humanise(key))), h('dd', { class: content.tagName === 'PRE' ? 'wide' : null }, content)];
  }));
}

/** Any JSON as an element: a fact, a list of facts, or facts within facts. */
function value(fact, key = 'Text') {
  if (Array.isArray(fact) && fact.some((item) => item instanceof Object)) return h('ul', {}, ...fact.map((item) => h('li', {}, value(item))));
  if (fact instanceof Object && !Array.isArray(fact)) return definitions(fact);
  if (typeof fact === 'number') return h('span', {}, number(fact));
  const text = typeof fact === 'boolean' ? (fact ? 'yes' : 'no') : [fact].flat().join(', ');
  if (!text.includes('\n') && text.length < 200) return h('bdi', {}, visible(text));
  return h('pre', { tabindex: 0, role: 'region', 'aria-label': humanise(key) }, visible(text.replaceAll('\r\n', '\n'), '\n\t'));
}

/* ---- Copy and delete ---- */

async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.body.appendChild(h('textarea', { class: 'sr-only' })); // plain HTTP has no clipboard
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

async function rowAction({ target }) {
  const button = target.closest('[data-action]'), file = fileOf(target);
  if (!button || !file) return;
  complain('');
  await (button.dataset.action === 'copy' ? copyLink(file, button) : remove(file)).catch(({ message }) => complain(message));
}

/* ---- Uploads ---- */

const queue = [];
const active = new Set();

function enqueue(files) {
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
function filesOf({ items }) {
  const things = [...items].filter(({ kind }) => kind === 'file').map((item) => ({ file: item.getAsFile(), folder: item.webkitGetAsEntry?.()?.isDirectory }));
  complain(things.some(({ folder }) => folder) ? 'A folder can’t be uploaded as such: open it and choose the files inside.' : '');
  return things.filter(({ file, folder }) => file && !folder).map(({ file }) => file);
}

/* ---- Start ---- */

function listen() {
  const pick = $('#pick'), veil = $('#veil');
  pick.multiple = true;
  pick.addEventListener('change', () => { enqueue([...pick.files]); pick.value = ''; });
  addEventListener('paste', ({ clipboardData }) => enqueue(filesOf(clipboardData)));
  addEventListener('dragenter', ({ dataTransfer }) => { veil.hidden = !dataTransfer.types.includes('Files'); });
  veil.addEventListener('dragleave', () => { veil.hidden = true; });
  addEventListener('dragover', (event) => event.preventDefault());
  addEventListener('drop', (event) => { event.preventDefault(); veil.hidden = true; enqueue(filesOf(event.dataTransfer)); });
  addEventListener('beforeunload', (event) => { if (active.size || queue.length) event.preventDefault(); });
  addEventListener('popstate', () => goTo(new URLSearchParams(location.search).get('page') ?? 1));
  document.addEventListener('visibilitychange', schedule);
  list.addEventListener('click', rowAction);
  list.addEventListener('toggle', opened, true); // it doesn't bubble
  pager.addEventListener('click', turnPage);
}

slot('origin').textContent = location.origin;
listen();
JSON.parse($('#files-data').textContent).forEach((file) => show(file));
document.documentElement.classList.add('js');
