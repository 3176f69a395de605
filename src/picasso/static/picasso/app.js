// Without this file the page is a form and a list. This adds drag and drop, resumable uploads, live states, details,
// copy and delete.
// Untrusted values (names, facts, problems) are inserted as text, never as markup.

import { goTo, opened, rowAction, schedule, show, turnPage } from './files.js';
import { $, slot } from './page.js';
import { enqueue, filesOf, showLeft, inProgress } from './uploads.js';

function listen() {
  const pick = $('#pick'), veil = $('#veil');
  pick.multiple = true;
  pick.addEventListener('change', () => { enqueue([...pick.files]); pick.value = ''; });
  addEventListener('paste', ({ clipboardData }) => enqueue(filesOf(clipboardData)));
  addEventListener('dragenter', ({ dataTransfer }) => { veil.hidden = !dataTransfer.types.includes('Files'); });
  veil.addEventListener('dragleave', () => { veil.hidden = true; });
  addEventListener('dragover', (event) => event.preventDefault());
  addEventListener('drop', (event) => { event.preventDefault(); veil.hidden = true; enqueue(filesOf(event.dataTransfer)); });
  addEventListener('beforeunload', (event) => { if (inProgress()) event.preventDefault(); });
  addEventListener('popstate', () => goTo(new URLSearchParams(location.search).get('page') ?? 1));
  document.addEventListener('visibilitychange', schedule);
  $('#list').addEventListener('click', rowAction);
  $('#list').addEventListener('toggle', opened, true); // this event does not bubble
  $('#pager').addEventListener('click', turnPage);
}

slot('origin').textContent = location.origin;
listen();
JSON.parse($('#files-data').textContent).forEach((file) => show(file));
showLeft();
document.documentElement.classList.add('js');
