// A text that is read part by part: the first of it at once, more on request.

import { html, render } from '../../../core/html.js';
import { bytes, visible } from '../../../core/format.js';
import { t } from '../../../core/words.js';
import { announce } from '../../../core/toasts.js';
import { TextReader } from './bytes.js';
import { loading, problem } from './parts.js';

const LONGEST = 20_000; // characters of a line; a longer one is cut for the eye

export class LinesViewer {
  #lines = [];
  /** The last line, which may go on in the next part. */
  #rest = '';
  #fault = null;
  #busy = false;

  /**
   * @param {HTMLElement} host
   * @param {{url: string, size: number, encoding?: string | null, signal: AbortSignal, label: string, numbered: boolean, first?: (lines: string[]) => string[]}} options
   * `numbered`: with the numbers of lines, unwrapped, as for code; else as prose. `first`: what is shown of the first part.
   */
  constructor(host, options) {
    Object.assign(this, { host, options });
    this.reader = new TextReader(options.url, options.size, options.encoding, options.signal);
    this.more();
  }

  /** Links are renewed; what has been read stays. */
  update(url) {
    this.reader.url = url;
  }

  async more() {
    if (this.#busy) return;
    this.#busy = true;
    this.#fault = null;
    this.#draw();
    try {
      this.#add(await this.reader.next());
    } catch (fault) {
      if (this.options.signal.aborted) return;
      this.#fault = fault;
    }
    this.#busy = false;
    this.#draw();
  }

  #add(text) {
    const first = this.#lines.length === 0;
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = this.reader.isDone ? '' : lines.pop();
    if (this.reader.isDone && ['', '\r'].includes(lines.at(-1))) lines.pop();
    this.#lines.push(...(first && this.options.first ? this.options.first(lines) : lines).map(shown));
    if (!first) announce(t('More of the text is shown.'));
  }

  #draw() {
    const empty = this.#lines.length === 0 && !this.#rest;
    render(html`
      ${empty && this.#busy ? loading() : ''}
      ${empty ? '' : this.options.numbered ? this.#code() : this.#prose()}
      ${empty && this.reader.isDone ? html`<p class="viewer-note">${t('There is no text in it.')}</p>` : ''}
      ${this.#fault ? problem(this.#fault, () => this.more()) : this.#foot()}`, this.host);
  }

  get #all() {
    return this.#rest ? [...this.#lines, shown(this.#rest)] : this.#lines;
  }

  #code() {
    const lines = this.#all;
    return html`
      <div class="code" tabindex="0" role="region" aria-label=${this.options.label} data-keys="own">
        <pre class="numbers" aria-hidden="true">${lines.map((_, line) => line + 1).join('\n')}</pre>
        <pre class="lines"><code dir="auto">${lines.join('\n')}</code></pre>
      </div>`;
  }

  #prose() {
    return html`<div class="prose" tabindex="0" role="region" aria-label=${this.options.label} dir="auto">${this.#all.join('\n')}</div>`;
  }

  #foot() {
    if (this.reader.isDone || this.reader.read === 0) return '';
    return html`
      <p class="viewer-foot">
        <span>${t('{shown} of {size}', { shown: bytes(this.reader.read), size: bytes(this.options.size) })}</span>
        <button class="button" type="button" ?disabled=${this.#busy} @click=${() => this.more()}>${t('Show more')}</button>
      </p>`;
  }
}

const shown = (line) => {
  const text = visible(line.length > LONGEST ? line.slice(0, LONGEST) : line, '\t\f').replaceAll('\f', '');
  return line.length > LONGEST ? `${text} …` : text;
};
