// What the API is asked for, by the query of the list's address.

import { filtersOf, orderOf } from '../files/query.js';

/** @param {URLSearchParams} query of the address @returns {URLSearchParams} */
export function listQuery(query) {
  const found = filtersOf(query);
  found.set('ordering', orderOf(query));
  return found;
}
