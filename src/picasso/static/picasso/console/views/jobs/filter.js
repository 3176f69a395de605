// What the address of the list filters by.

export const FILTERS = ['state', 'processor', 'queue', 'pipeline', 'error', 'file'];

/** @param {URLSearchParams} query @returns {Record<string, string>} */
export const filterOf = (query) => Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? '']).filter(([, value]) => value));
