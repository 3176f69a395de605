// A font: what it looks like, in several sizes, with a text of one's own. Browsers check fonts before they use them.

import { html, render } from '../../../core/html.js';
import { language, t } from '../../../core/words.js';
import { web } from '../addresses.js';
import { instead, load } from './parts.js';

const LARGEST = 30e6; // bytes
const SIZES = [16, 24, 36, 56, 84]; // pixels
const LATIN = 'The quick brown fox jumps over the lazy dog', CYRILLIC = 'Съешь ещё этих мягких французских булок';

export function mount(host, file, { signal }) {
  const viewer = new FontViewer(host, file, signal);
  return { update: (next) => viewer.update(next), unmount: () => viewer.unmount() };
}

class FontViewer {
  #face;
  #text = `${language === 'ru' ? `${CYRILLIC} ${LATIN}` : `${LATIN} ${CYRILLIC}`} 0123456789 !?&@€`;

  constructor(host, file, signal) {
    Object.assign(this, { host, file, signal });
    if (file.size > LARGEST) this.#cannot(t('The font is too large to be shown here.'));
    else load(host, signal, () => this.#load(), () => (this.#face ? this.#draw() : this.#cannot(t('This browser can’t show the font.'))));
  }

  update(file) {
    this.file = file;
  }

  unmount() {
    if (this.#face) document.fonts.delete(this.#face);
  }

  async #load() {
    const answer = await fetch(web(this.file.file), { signal: this.signal });
    if (!answer.ok) throw new Error(String(answer.status));
    const face = new FontFace(`picasso ${this.file.id}`, await answer.arrayBuffer());
    await face.load().then(() => { this.#face = face; }, () => {});
    if (this.signal.aborted || !this.#face) return;
    document.fonts.add(face);
    this.host.style.setProperty('--font-shown', `"${face.family}"`);
  }

  #cannot(text) {
    render(instead(this.file, text), this.host);
  }

  #draw() {
    render(html`
      <div class="viewer-tools"><input class="font-text" type="text" autocomplete="off" aria-label=${t('Text')} .value=${this.#text} @input=${({ target }) => this.#write(target.value)}></div>
      <div class="font-lines" tabindex="0" role="region" aria-label=${t('The font in several sizes')}>${SIZES.map((size) => html`<p class=${`font-${size}`} dir="auto">${this.#text}</p>`)}</div>`, this.host);
  }

  #write(text) {
    this.#text = text;
    this.#draw();
  }
}
