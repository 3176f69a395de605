// What the API is asked for, by the query of the list's address.

import { filtersOf, orderOf, ownNames } from '../files/query.js';

/** @param {URLSearchParams} query of the address @returns {URLSearchParams} */
export function listQuery(query) {
  const own = ownNames(query), found = filtersOf(own);
  found.set('ordering', orderOf(own));
  return found;
}
