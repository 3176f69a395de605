// A PDF: at once the picture of its first page, which the service has made; then all pages by PDF.js, with search.

import { html, render } from '../../../core/html.js';
import { number, visible } from '../../../core/format.js';
import { t } from '../../../core/words.js';
import { announce } from '../../../core/toasts.js';
import { derivative, web } from '../addresses.js';
import { isSettled } from '../model.js';
import { instead, loading } from './parts.js';
import { Pages } from './pdf_pages.js';
import { Search } from './pdf_search.js';

const AT_ONCE = 30e6; // bytes of a file whose pages are shown without being asked for
const ZOOM = 1.25;
const PAUSE = 250; // milliseconds after the last letter

export function mount(host, file, tools) {
  return new Pdf(host, file, tools);
}

class Pdf {
  /** `first`, `loading`, `pages` or `failed`. */
  #state = 'first';
  #pages = null;
  #search = null;
  #task = null;
  #ended = false;
  #typing = 0;

  constructor(host, file, { signal }) {
    Object.assign(this, { host, file, signal });
    this.#draw();
    if (file.size <= AT_ONCE && file.error?.code !== 'protected') this.#open();
  }

  update(file) {
    this.file = file;
    this.#draw();
  }

  unmount() {
    this.#ended = true;
    clearTimeout(this.#typing);
    this.#pages?.end();
    this.#task?.destroy();
  }

  async #open() {
    this.#state = 'loading';
    this.#draw();
    try {
      const pdf = await this.#load();
      if (this.#ended) return;
      this.#state = 'pages';
      this.#draw();
      this.#pages = new Pages(this.host.querySelector('.pdf-pages'), pdf, () => this.#draw());
      this.#search = new Search(pdf, this.#pages, () => this.#draw());
      await this.#pages.start();
    } catch {
      this.#state = 'failed';
    }
    if (!this.#ended) this.#draw();
  }

  async #load() {
    const library = await import('../../../../vendor/pdf.js');
    const vendor = new URL('../../../../vendor/', import.meta.url).href;
    library.GlobalWorkerOptions.workerSrc = `${vendor}pdf.worker.js`;
    // Parts of the file are fetched when they are needed. WebAssembly would need a weaker policy of the page. What fonts
    // need is fetched here, as the worker may connect to nothing.
    this.#task = library.getDocument({
      url: new URL(web(this.file.file), location.href).href, withCredentials: true, disableAutoFetch: true, disableStream: true,
      useWasm: false, wasmUrl: vendor, useWorkerFetch: false, cMapUrl: `${vendor}cmaps/`, standardFontDataUrl: `${vendor}standard_fonts/`,
    });
    return Object.assign(await this.#task.promise, { library });
  }

  #draw() {
    const first = derivative(this.file, 'page-1');
    render(html`
      ${this.#state === 'pages' ? this.#tools() : ''}
      ${this.#state === 'pages' ? html`<div class="pdf-pages" tabindex="0" role="region" aria-label=${visible(this.file.name)} data-keys="own"></div>` : this.#first(first)}
      ${this.#state === 'pages' ? '' : this.#foot(first)}`, this.host);
  }

  #first(first) {
    if (first) return html`<div class="pdf-first"><img src=${web(first.url)} width=${first.width} height=${first.height} alt=${t('The first page')}></div>`;
    if (this.#state === 'failed') return instead(this.file, this.file.error?.code === 'protected' ? t('The file needs a password.') : t('The pages can’t be shown.'));
    if (this.#state === 'loading' || !isSettled(this.file)) return loading();
    const large = this.file.size > AT_ONCE;
    return instead(this.file, large ? t('The pages are not shown by themselves, because the file is large.') : t('There is no preview, because processing failed.'));
  }

  #foot(first) {
    if (this.#state === 'loading') return html`<p class="viewer-foot" role="status">${t('Loading the pages …')}</p>`;
    if (this.#state === 'failed') return first ? html`<p class="viewer-foot">${t('Only the first page can be shown here.')}</p>` : '';
    return this.file.error?.code === 'protected' ? '' : html`<p class="viewer-foot"><button class="button" type="button" @click=${() => this.#open()}>${t('Show all pages')}</button></p>`;
  }

  #tools() {
    const pages = this.#pages, count = pages?.count ?? 0;
    return html`
      <div class="viewer-tools toolbar" role="group" aria-label=${t('Pages')}>
        <label class="pdf-page">${t('Page')}
          <input type="number" min="1" max=${count} .value=${String(pages?.current ?? 1)} @change=${(event) => pages?.go(Number(event.target.value))}>
          <span>${t('of {n}', { n: number(count) })}</span></label>
        <button class="button icon-only" type="button" aria-label=${t('Zoom out')} @click=${() => pages?.zoom(1 / ZOOM)}>−</button>
        <button class="button icon-only" type="button" aria-label=${t('Zoom in')} @click=${() => pages?.zoom(ZOOM)}>+</button>
        <form class="pdf-search" role="search" @submit=${(event) => this.#find(event)}>
          <input type="search" name="text" autocomplete="off" spellcheck="false" @input=${(event) => this.#type(event)} aria-label=${t('Search in the document')} placeholder=${t('Search in the document')}>
          ${this.#found()}
        </form>
      </div>`;
  }

  #found() {
    const search = this.#search;
    if (!search?.text) return '';
    return html`
      <output>${search.count ? t('{n} of {count}', { n: number(search.index + 1), count: number(search.count) }) : search.busy ? '…' : t('Not found')}</output>
      <button class="button icon-only" type="button" aria-label=${t('The one before')} ?disabled=${!search.count} @click=${() => search.step(-1)}>↑</button>
      <button class="button icon-only" type="button" aria-label=${t('The next one')} ?disabled=${!search.count} @click=${() => search.step(1)}>↓</button>`;
  }

  #type({ target }) {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.#look(target.value), PAUSE);
  }

  /** Enter leads to the next place, once the text has been looked for. */
  #find(event) {
    event.preventDefault();
    clearTimeout(this.#typing);
    const text = new FormData(event.target).get('text');
    return this.#search.isOf(text) ? this.#search.count && this.#search.step(1) : this.#look(text);
  }

  async #look(text) {
    if (this.#search.isOf(text)) return;
    await this.#search.find(text);
    if (text.trim() && this.#search.isOf(text)) announce(this.#search.count ? t('Found {count} times', { count: number(this.#search.count) }) : t('Not found'));
  }
}
