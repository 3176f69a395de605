// What is in an archive, as a tree. A folder's content is made when it is opened.

import { html, render } from '../../../core/html.js';
import { bytes, number, visible } from '../../../core/format.js';
import { t, tn } from '../../../core/words.js';
import { derivative } from '../addresses.js';
import { json } from './bytes.js';
import { load } from './parts.js';
import { treeOf } from './tree.js';

const STEP = 200; // entries of a folder that are shown at once
const OPEN = 12; // a folder alone, or with so few beside it, is open from the beginning

export function mount(host, file, tools) {
  return new Archive(host, file, tools);
}

class Archive {
  #listing = null;
  #root = null;

  constructor(host, file, { signal }) {
    this.host = host;
    load(host, signal, () => json(derivative(file, 'listing'), signal), (listing) => this.#show(listing));
  }

  update() {}

  unmount() {}

  #show(listing) {
    this.#listing = listing;
    this.#root = treeOf(listing.entries);
    for (const child of this.#root.children) child.open = this.#root.children.length === 1 && child.children.length <= STEP || child.children.length <= OPEN && this.#root.children.length <= 3;
    this.#draw();
  }

  #draw() {
    const { total, listed } = this.#listing;
    render(html`
      <div class="tree" tabindex="0" role="region" aria-label=${t('Content of the archive')} data-keys="own">
        ${listed ? this.#branch(this.#root) : html`<p class="viewer-note">${t('The archive is empty.')}</p>`}
      </div>
      <p class="viewer-foot"><span>${total > listed ? t('The first {n} of {all} entries', { n: number(listed), all: number(total) }) : tn('{n} entry', '{n} entries', total)}</span></p>`, this.host);
  }

  #branch(node) {
    const limit = node.shown ?? STEP;
    return html`
      <ul>
        ${node.children.slice(0, limit).map((child) => html`<li>${child.children.length || child.isFolder ? this.#folder(child) : leaf(child)}</li>`)}
        ${node.children.length > limit ? html`<li><button class="button" type="button" @click=${() => this.#more(node, limit)}>${t('Show more')}</button></li>` : ''}
      </ul>`;
  }

  #more(node, limit) {
    node.shown = limit + STEP;
    this.#draw();
  }

  #folder(node) {
    return html`
      <details ?open=${node.open} @toggle=${(event) => this.#toggle(event, node)}>
        <summary><bdi>${visible(node.name)}/</bdi> <small>${tn('{n} entry', '{n} entries', node.count)} · ${bytes(node.size)}</small></summary>
        ${node.open ? this.#branch(node) : ''}
      </details>`;
  }

  #toggle(event, node) {
    if (node.open === event.target.open) return;
    node.open = event.target.open;
    this.#draw();
  }
}

function leaf({ name, entry }) {
  const notes = [entry.size === null ? null : bytes(entry.size), entry.encrypted ? t('encrypted') : null].filter(Boolean);
  return html`<span class="leaf"><bdi>${visible(name)}</bdi>${entry.target ? html` → <bdi>${visible(entry.target)}</bdi>` : ''} <small>${notes.join(' · ')}</small></span>`;
}
