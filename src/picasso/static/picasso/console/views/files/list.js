// The files of the list. It knows how many there are and has those that were looked at.
//
// The list stays as it was when it was opened: files that arrive later are counted, not inserted, because all pages
// are asked for with `uploaded_before`. So a place in the list stays the same file.

import { dayKey } from './kinds.js';
import { PAGE, Requests } from './requests.js';

const KEPT = 5000; // files in memory, beside those on the screen
const AROUND = 1000; // files that are kept above and below what is shown
const MOST_REQUESTS = 4; // for pages at once
const NEAR = 20; // places
const FIELDS = [
  'id', 'file', 'name', 'size', 'media_type', 'uploaded_at', 'state', 'tags', 'owner', 'quarantined', 'scan',
  'thumbnail', 'error',
];

const slim = (file) => Object.fromEntries(FIELDS.map((name) => [name, file[name]]));

export class FileList {
  #requests; #changed;
  #loading = new Map(); // page → when it has been read
  #version = 0; // of the places: what was asked for before has other places
  #shown = [0, 0];
  #places = new Map(); // id → place of each file that is known: a list may have a million places

  /** How many there are; null until it is known. */
  total = null;
  /** Whether there may be more. */
  more = false;
  /** How many have arrived since it was opened. */
  fresh = 0;
  /** The last request's fault, if nothing has come since. */
  fault = null;
  /** On which days the files were uploaded, in their order; null while nobody wants to know. @type {{day: string, count: number}[] | null} */
  days = null;
  /** Each place with its file; undefined where it is not known yet. */
  items = [];

  /**
   * @param {URLSearchParams} filters  of the API
   * @param {string} order
   * @param {() => void} changed  called after each change
   */
  constructor(filters, order, changed) {
    this.#requests = new Requests(filters, order);
    this.#changed = changed;
  }

  set changed(handler) { this.#changed = handler; }

  get filtered() { return this.#requests.filtered; }

  /** What selects all files of the list in a batch; null if a batch can't. */
  get where() { return this.#requests.where; }

  /** Begin with these files, which the page has brought along. */
  adopt(files, count) {
    this.#requests.openAt(files[0].uploaded_at);
    this.#resize(count);
    this.#put(files, 0);
    this.#changed();
  }

  /** Read the first page, and how many there are; `byDay`: and the days, so that no heading comes later. */
  async open({ byDay = false } = {}) {
    await this.#guarded(async () => {
      const first = await this.#requests.first();
      if (byDay) await this.#readDays();
      this.more = first.count === undefined;
      this.#resize(first.count ?? first.count_at_least);
      this.#put(first.results, 0);
      if (this.more) this.#countLater();
    });
  }

  /** Find out the days, and keep them up to date from now on. Returns once the first of them are known. */
  async needDays() {
    if (this.days || this.total === null) return;
    this.days = [];
    await this.#guarded(() => this.#readDays());
  }

  /** There may be thousands: what is known is shown, the rest follows. */
  async #readDays() {
    const version = this.#version, pages = this.#requests.days(), first = await pages.next();
    if (version !== this.#version) return;
    this.days = first.value ?? [];
    this.#guarded(async () => {
      for await (const page of pages) {
        if (version !== this.#version) return;
        this.days = [...this.days, ...page];
        this.#changed();
      }
    });
  }

  /** Read the places from `first` to `behind` where they are not known. */
  need(first, behind) {
    this.#shown = [first, behind];
    if (this.total === null || this.fault) return;
    for (const page of this.#pages) {
      const there = this.items.slice(Math.max(first, page * PAGE), Math.min(behind, (page + 1) * PAGE));
      if (there.includes(undefined) && this.#loading.size < MOST_REQUESTS) this.#load(page);
    }
  }

  /** The files from one place to another, both included, read where they are not known. */
  async range(from, to) {
    const found = [];
    for (const page of pages(from, to)) {
      const start = Math.max(from, page * PAGE), end = Math.min(to + 1, (page + 1) * PAGE);
      if (this.items.slice(start, end).includes(undefined)) await this.#load(page);
      found.push(...this.items.slice(start, end).filter(Boolean));
    }
    return found;
  }

  /** All files of the list, up to so many, from the server. */
  async all(most) { return (await this.#requests.all(most)).map(slim); }

  /** These are gone. @param {Set<string>} ids @returns {number} how many of them were known */
  remove(ids) {
    const places = [...ids].map((id) => this.#places.get(id)).filter((place) => place !== undefined).sort((a, b) => a - b);
    if (places.length) {
      this.days &&= without(this.days, places.map((place) => this.items[place]));
      this.items = [].concat(...[...places, this.items.length].map((place, n) => this.items.slice(n ? places[n - 1] + 1 : 0, place)));
      this.total = this.items.length;
      this.#places = new Map([...this.#places].filter(([id]) => !ids.has(id)).map(([id, place]) => [id, place - below(places, place)]));
      this.#moved();
    }
    return places.length;
  }

  /** Read anew what is shown, and these: something has changed about them. @param {Set<string>} ids */
  async refresh(ids = new Set()) {
    const places = [...ids].map((id) => this.#places.get(id)).filter((place) => place !== undefined);
    const theirs = new Set(places.map((place) => Math.floor(place / PAGE))), [first, behind] = this.#shown;
    const few = theirs.size <= MOST_REQUESTS;
    if (!few) for (const place of places) if (place < first || place >= behind) this.#drop(place);
    await this.#guarded(() => this.#read([...new Set([...this.#pages, ...(few ? theirs : [])])]));
  }

  /** Whether it has one of these. @param {Set<string>} ids */
  knows(ids) { return [...ids].some((id) => this.#places.has(id)); }

  /** The place of a file; undefined if it is not known. @param {string} id */
  placeOf(id) { return this.#places.get(id); }

  /** Count anew and read anew what is shown: files came back, or others went that were not known here. */
  async resync() { await this.#guarded(() => this.#anew()); }

  /** Count what has arrived since it was opened. */
  async countFresh() {
    await this.#guarded(async () => { this.fresh = (await this.#requests.fresh()).number; });
  }

  /** Go on after a fault. */
  async retry() {
    this.fault = null;
    if (!this.days?.length) this.days = null;
    await (this.total === null ? this.open() : this.refresh());
  }

  close() { this.#requests.end(); }

  async #guarded(work) {
    try {
      await work();
      this.fault = null;
    } catch (fault) {
      if (this.#requests.ended) return;
      this.fault = fault;
    }
    this.#changed();
  }

  async #countLater() {
    await this.#guarded(async () => {
      const count = await this.#requests.count();
      this.more = false;
      this.#resize(count);
    });
  }

  /** Read a page. Returns once it is there, or can't be read. */
  #load(page) {
    if (!this.#loading.has(page)) {
      const version = this.#version, read = this.#guarded(() => this.#read([page]));
      this.#loading.set(page, read);
      read.then(() => { if (version === this.#version) this.#loading.delete(page); });
    }
    return this.#loading.get(page);
  }

  /** Read pages and put them to their places. If the list has moved meanwhile, read it anew. */
  async #read(numbers) {
    const version = this.#version, found = await Promise.all(numbers.map((page) => this.#requests.page(page)));
    if (version !== this.#version) return;
    if (numbers.some((page, n) => found[n].results.some((file, at) => this.#isElsewhere(file, page * PAGE + at)))) await this.#anew();
    else numbers.forEach((page, n) => this.#take(found[n].results, page));
  }

  async #anew() {
    const { fresh, total, least } = await this.#requests.counts();
    const numbers = this.#pages;
    this.#moved();
    const version = this.#version, found = await Promise.all(numbers.map((page) => this.#requests.page(page)));
    if (version !== this.#version) return;
    Object.assign(this, { fresh, more: this.more && total === undefined, items: [] });
    this.#places.clear();
    this.#resize(total ?? Math.max(this.total, least));
    numbers.forEach((page, n) => this.#take(found[n].results, page));
    if (this.days) await this.#readDays();
  }

  /** The pages that are shown. */
  get #pages() { return pages(this.#shown[0], Math.max(...this.#shown.map((place) => place - 1), 0)); }

  /** Put a page to its places. A short one is the end of the list. */
  #take(results, page) {
    const start = page * PAGE, end = start + results.length;
    if (end > this.items.length || (results.length < PAGE && !this.more && start < this.items.length)) this.#resize(end);
    this.#put(results, start);
    this.#forget();
  }

  #put(results, start) {
    results.forEach((file, n) => {
      this.#drop(start + n);
      this.items[start + n] = slim(file);
      this.#places.set(file.id, start + n);
    });
  }

  /** Forget the file at this place. */
  #drop(place) {
    const file = this.items[place];
    if (!file) return;
    if (this.#places.get(file.id) === place) this.#places.delete(file.id);
    this.items[place] = undefined;
  }

  /** Whether it is known at another place near by: the list has moved. */
  #isElsewhere(file, place) {
    for (let near = Math.max(0, place - NEAR); near < place + NEAR; near += 1)
      if (near !== place && this.items[near]?.id === file.id) return true;
    return false;
  }

  #resize(total) {
    for (let place = total; place < this.items.length; place += 1) this.#drop(place);
    const known = this.items.slice(0, total);
    this.total = total;
    this.items = known.concat(new Array(total - known.length).fill(undefined));
  }

  /** Pages that are being read would come to wrong places. */
  #moved() {
    this.#version += 1;
    this.#loading.clear();
  }

  /** Files far from what is shown, once there are many. */
  #forget() {
    const [first, behind] = this.#shown;
    if (this.#places.size <= KEPT) return;
    for (const place of this.#places.values()) if (place < first - AROUND || place >= behind + AROUND) this.#drop(place);
  }
}

/** How many of these sorted places are smaller. */
function below(places, place) {
  let low = 0, high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle] < place) low = middle + 1; else high = middle;
  }
  return low;
}

/** The days without these files. */
function without(days, files) {
  const gone = {};
  for (const file of files) gone[dayKey(file.uploaded_at)] = (gone[dayKey(file.uploaded_at)] ?? 0) + 1;
  return days.map(({ day, count }) => ({ day, count: count - (gone[day] ?? 0) })).filter(({ count }) => count > 0);
}

/** The pages with the places from one to another, both included. */
function pages(from, to) {
  const first = Math.floor(from / PAGE), last = Math.floor(Math.max(from, to) / PAGE);
  return Array.from({ length: last - first + 1 }, (_, n) => first + n);
}
