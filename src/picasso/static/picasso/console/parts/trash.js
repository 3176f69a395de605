// Whether deleted files can come back.

import { api } from '../core/api.js';
import { me } from '../core/session.js';

/** How many days the project keeps deleted files, as it says now: somebody may have changed it since this page was loaded. */
export async function trashDays() {
  me.trash_days = (await api('me/')).trash_days;
  return me.trash_days;
}
