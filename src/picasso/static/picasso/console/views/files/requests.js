// What the list asks the API for.

import { api } from '../../core/api.js';

export const PAGE = 100; // files of a page

export class Requests {
  #filters; #order; #over = new AbortController();

  /** Files from then on are new; empty if there was none. */
  opened = '';

  /** @param {URLSearchParams} filters of the API @param {string} order */
  constructor(filters, order) {
    this.#filters = filters;
    this.#order = order;
  }

  get filtered() { return this.#filters.size > 0; }
  get ended() { return this.#over.signal.aborted; }
  end() { this.#over.abort(); }

  /** What selects all files of the list in a batch; null if a batch can't. Without a filter it is their time. */
  get where() {
    if (this.#filters.getAll('tag').length > 1) return null;
    return { ...Object.fromEntries(this.#filters), uploaded_before: this.#until };
  }

  get #until() {
    const before = this.#filters.get('uploaded_before');
    return before && (!this.opened || isBefore(before, this.opened)) ? before : this.opened;
  }

  #get(query, parameters) {
    for (const [name, value] of Object.entries(parameters)) query.set(name, value);
    return api(`files/?${query}`, { signal: this.#over.signal });
  }

  /** Files of the list as it was when it was opened. */
  #listed(parameters) {
    const query = new URLSearchParams(this.#filters);
    if (this.#until) query.set('uploaded_before', this.#until);
    return this.#get(query, { ordering: this.#order, include: 'thumbnail,error', ...parameters });
  }

  /** The first page, and how many there are: `count`, or `count_at_least`. The list is open from then on. */
  async first() {
    const count = this.filtered ? 'fast' : 'exact';
    const [first, newest] = await Promise.all([
      this.#listed({ page_size: PAGE, count }),
      this.#get(new URLSearchParams(), { page_size: 1, count: 'fast' }),
    ]);
    const times = [first, newest].flatMap((page) => page.results).map((file) => Date.parse(file.uploaded_at));
    this.opened = times.length ? justAfter(Math.max(...times)) : '';
    return first;
  }

  /** A page by its number from 0. One behind the end is empty. */
  async page(number) {
    try {
      return await this.#listed({ page: number + 1, page_size: PAGE, count: 'fast' });
    } catch (fault) {
      if (fault.status === 404) return { results: [] };
      throw fault;
    }
  }

  /** On which days the files were uploaded, in their order, page by page. @returns {AsyncGenerator<{day: string, count: number}[]>} */
  async *days() {
    for (let start; start !== null;) {
      const query = new URLSearchParams(this.#filters), { timeZone } = Intl.DateTimeFormat().resolvedOptions();
      if (this.#until) query.set('uploaded_before', this.#until);
      for (const [name, value] of Object.entries({ ordering: this.#order, timezone: timeZone, start })) if (value) query.set(name, value);
      const page = await api(`files/days/?${query}`, { signal: this.#over.signal });
      yield page.results;
      start = page.next;
    }
  }

  /** All files, up to so many. */
  async all(most) {
    const found = [];
    for (let cursor = ''; cursor !== null && found.length < most;) {
      const page = await this.#listed({ cursor, page_size: PAGE });
      found.push(...page.results);
      cursor = page.next;
    }
    return found.slice(0, most);
  }

  /** How many the list has. */
  async count() { return (await this.#listed({ page_size: 1, count: 'exact' })).count; }

  /** How many have arrived since it was opened, and how many it has: `total`, or `least`. Costs little, as it is asked often. */
  async counts() {
    const fresh = await this.fresh();
    // What has no filter is counted already, without the time of opening.
    if (!this.filtered && fresh.exact) {
      const all = await this.#get(new URLSearchParams(), { page_size: 1 });
      return { fresh: fresh.number, total: Math.max(0, all.count - fresh.number) };
    }
    const { count, count_at_least: least } = await this.#listed({ page_size: 1, count: 'fast' });
    return { fresh: fresh.number, total: count, least };
  }

  /** How many have arrived since it was opened. */
  async fresh() {
    if (!this.opened) return { number: 0, exact: true };
    const query = new URLSearchParams(this.#filters);
    if (!isBefore(this.opened, query.get('uploaded_after'))) query.set('uploaded_after', this.opened);
    const { count, count_at_least: atLeast } = await this.#get(query, { page_size: 1, count: 'fast' });
    return { number: count ?? atLeast, exact: count !== undefined };
  }

  /** Begin with a file that is known to be the newest one. @param {string} at */
  openAt(at) { this.opened = justAfter(Date.parse(at)); }
}

/** A millisecond later: the first moment that does not have this file. */
const justAfter = (at) => new Date(at + 1).toISOString();

/** As moments: as texts, a moment without a fraction of the second would come after one of the same second with it. */
const isBefore = (one, other) => Date.parse(one) < Date.parse(other);

/** The first files, which the page has brought along, so that they show before any script runs; null without. */
export function broughtAlong() {
  const data = document.getElementById('files-data');
  data?.remove();
  return data && JSON.parse(data.textContent);
}
