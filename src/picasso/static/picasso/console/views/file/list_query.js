// What the API is asked for, by the query of the list's address.

const NAMES = { q: 'name', state: 'state', tag: 'tag', owner: 'owner', pipeline: 'pipeline', error: 'error', sort: 'ordering' };

/** @param {URLSearchParams} query of the address @returns {URLSearchParams} */
export function listQuery(query) {
  const found = new URLSearchParams();
  for (const [name, parameter] of Object.entries(NAMES)) for (const value of query.getAll(name).filter(Boolean)) found.append(parameter, value);
  return found;
}
