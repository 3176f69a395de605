// Without this file the page is a form and a list. This adds live states, details, copy and delete.
// Untrusted values (names, facts, problems) are inserted as text, never as markup.

import { add, onUploaded } from './console/uploads/index.js';
import { filesOfInput } from './console/uploads/sources.js';
import { arrive, goTo, opened, rowAction, schedule, show, turnPage } from './files.js';
import { $, slot } from './page.js';

function listen() {
  const pick = $('#pick');
  pick.multiple = true;
  pick.addEventListener('change', () => { add(filesOfInput(pick.files)); pick.value = ''; });
  onUploaded(arrive);
  addEventListener('popstate', () => goTo(new URLSearchParams(location.search).get('page') ?? 1));
  document.addEventListener('visibilitychange', schedule);
  $('#list').addEventListener('click', rowAction);
  $('#list').addEventListener('toggle', opened, true); // this event does not bubble
  $('#pager').addEventListener('click', turnPage);
}

slot('origin').textContent = location.origin;
listen();
JSON.parse($('#files-data').textContent).forEach((file) => show(file));
document.documentElement.classList.add('js');
