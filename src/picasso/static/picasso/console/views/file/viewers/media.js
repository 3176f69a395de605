// What video and audio have in common: choosing what to play, and going on when a link has ended.

import { web } from '../addresses.js';

const AGAIN = 30_000; // milliseconds between two attempts to get new links

/**
 * What can be played, the best first: an HLS playlist, the rendition for the web, the original.
 * @returns {{kind: 'hls' | 'file', url: string, type: string, name: string}[]}
 */
export function sources(file) {
  const of = (test) => file.derivatives.filter(test).map(({ url, media_type: type, role }) => ({ kind: 'file', url, type, name: role }));
  const playlists = of(({ media_type: type }) => /mpegurl$/i.test(type)).map((each) => ({ ...each, kind: 'hls' }));
  const renditions = of(({ role, media_type: type }) => /^rendition/.test(role) && /^(video|audio)\//.test(type));
  return [...playlists, ...renditions, { kind: 'file', url: file.file, type: file.media_type, name: 'original' }];
}

/** Whether the browser says that it can't play this type at all. */
export const isHopeless = (element, { kind, type }) =>
  kind === 'file' && /^(video|audio)\//.test(type) && element.canPlayType(playable(type)) === '';

/** Chromium plays what these contain, but says that it does not know the names. */
const playable = (type) => ({ 'video/quicktime': 'video/mp4', 'video/x-matroska': 'video/webm', 'audio/x-matroska': 'audio/webm', 'video/x-m4v': 'video/mp4' })[type] ?? type;

/** Plays the sources of a file in an element, the next one where one fails. */
export class Player {
  #index = -1;
  #hls;
  #renewed = 0;

  /**
   * @param {HTMLMediaElement} element
   * @param {object} file
   * @param {{failed: () => void, refresh: () => Promise<void>}} tools
   */
  constructor(element, file, tools) {
    Object.assign(this, { element, tools });
    this.file = file;
    element.addEventListener('error', () => this.#failed());
  }

  start() {
    this.#next();
    return this;
  }

  update(file) {
    this.file = file;
  }

  end() {
    this.#hls?.destroy();
    this.element.removeAttribute('src');
    this.element.load();
  }

  get #source() {
    return sources(this.file)[this.#index];
  }

  #next() {
    this.#hls?.destroy();
    this.#hls = undefined;
    const all = sources(this.file);
    do this.#index += 1; while (this.#index < all.length && isHopeless(this.element, all[this.#index]));
    if (this.#index >= all.length) return this.tools.failed();
    if (all[this.#index].kind === 'hls') this.#playHls(all[this.#index]);
    else this.element.src = web(all[this.#index].url);
  }

  /** hls.js where the browser has Media Source Extensions, else the browser's own player (Safari on iPhones). */
  async #playHls(source) {
    const { default: Hls } = await import('../../../../vendor/hls.js').catch(() => ({ default: null }));
    if (Hls?.isSupported()) return this.#attach(new Hls(settings(this)), Hls, source);
    if (this.element.canPlayType('application/vnd.apple.mpegurl')) this.element.src = web(source.url);
    else this.#next();
  }

  #attach(hls, Hls, source) {
    this.#hls = hls;
    hls.on(Hls.Events.ERROR, (_, { fatal }) => fatal && this.#next());
    hls.loadSource(web(source.url));
    hls.attachMedia(this.element);
  }

  /** A link that has ended is replaced once in a while, and playing goes on where it was. Else the next source is tried. */
  async #failed() {
    if (!this.element.error || this.#hls) return;
    const { currentTime, error } = this.element;
    if (currentTime === 0 || error.code !== MediaError.MEDIA_ERR_NETWORK || Date.now() - this.#renewed < AGAIN) return this.#next();
    this.#renewed = Date.now();
    await this.tools.refresh();
    this.element.src = web(this.#source.url);
    this.element.currentTime = currentTime;
    await this.element.play().catch(() => {});
  }
}

/** No worker: it would be a script from a blob. A playlist names its segments without the signature of their links. */
function settings(player) {
  return { enableWorker: false, xhrSetup: (xhr, url) => xhr.open('GET', signed(player.file, url), true) };
}

/** The link to a file that stands beside the playlist. */
export function signed(file, url) {
  const path = new URL(url, location.href).pathname;
  const found = file.derivatives.find((each) => new URL(each.url, location.href).pathname === path);
  return found ? web(found.url) : url;
}
