// A file's own page: a viewer by kind, what is known of it, what was made from it, what has happened to it.

import { render } from '../../core/html.js';
import { nameOf } from '../../core/format.js';
import { shortcut } from '../../core/keyboard.js';
import { announce } from '../../core/toasts.js';
import { t } from '../../core/words.js';
import { keysOfViewer } from './keys.js';
import { identity, kindOf, loadViewer } from './kinds.js';
import { Model } from './model.js';
import { neighboursOf, pageOf } from './neighbours.js';
import { page } from './page.js';
import { problem } from './viewers/parts.js';

export const title = () => t('File');

/** @param {HTMLElement} root @param {import('../../core/router.js').Context} context */
export function mount(root, context) {
  const view = new FileView(root, context);
  return { update: (context) => view.update(context), unmount: () => view.end() };
}

class FileView {
  #model;
  #viewer = null;
  #shown = '';
  #neighbours = { previous: null, next: null };
  #host = Object.assign(document.createElement('div'), { className: 'viewer' });
  #removers = [];
  /** The name that the title has. */
  #name = null;
  #steps = 0;

  constructor(root, context) {
    Object.assign(this, { root, context });
    this.#addShortcuts();
    this.#open();
  }

  update(context) {
    const isOther = context.params.id !== this.context.params.id;
    this.context = context;
    if (isOther) return this.#open();
    if (this.#model.file) context.setTitle(nameOf(this.#model.file));
    return this.#draw();
  }

  end() {
    this.#close();
    for (const remove of this.#removers) remove();
  }

  #open() {
    this.#close();
    const model = this.#model = new Model(this.context.params.id, () => this.#changed(model));
    this.#draw();
    model.load();
    neighboursOf(model.id, this.context.query, model.signal).then((found) => {
      if (model !== this.#model) return;
      this.#neighbours = found;
      this.#draw();
    });
  }

  #close() {
    this.#model?.end();
    this.#viewer?.unmount();
    this.#viewer = null;
    this.#shown = '';
    this.#name = null;
    this.#neighbours = { previous: null, next: null };
    this.#host.replaceChildren();
  }

  #changed(model) {
    if (model !== this.#model) return;
    if (model.file && this.#name !== model.file.name) this.#setTitle(model.file);
    this.#draw();
    if (model.state === 'ready') this.#show(model.file);
    else this.#hide();
  }

  #setTitle(file) {
    this.#name = file.name;
    this.context.setTitle(nameOf(file));
    if (this.#steps) announce(nameOf(file));
  }

  /** A viewer stays as long as it would show the same. */
  async #show(file) {
    const wanted = identity(file), model = this.#model;
    if (this.#shown === wanted) return this.#viewer?.update(file);
    this.#shown = wanted;
    const found = await loadViewer(kindOf(file)).catch((fault) => this.#fail(fault, file));
    if (!found || this.#shown !== wanted || model !== this.#model) return undefined;
    this.#viewer?.unmount();
    const host = document.createElement('div');
    host.className = `viewer-content viewer-${kindOf(file)}`;
    this.#host.replaceChildren(host);
    this.#viewer = found.mount(host, model.file, { signal: model.signal, refresh: () => model.load() });
    return undefined;
  }

  /** The module could not be loaded: the connection is away, or the service was updated. */
  #fail(fault, file) {
    this.#shown = '';
    const host = document.createElement('div');
    this.#host.replaceChildren(host);
    render(problem(fault, () => this.#show(file)), host);
  }

  #hide() {
    if (this.#model.state !== 'deleted' && this.#model.state !== 'missing') return;
    this.#viewer?.unmount();
    this.#viewer = null;
    this.#shown = '';
  }

  #addShortcuts() {
    const options = (label, run) => ({ label, section: t('File'), when: () => !keysOfViewer(), run });
    this.#removers.push(
      shortcut('ArrowLeft', options(t('Previous file'), () => this.#step('previous'))),
      shortcut('ArrowRight', options(t('Next file'), () => this.#step('next'))),
    );
  }

  #step(side) {
    const file = this.#neighbours[side];
    this.#steps += 1;
    if (file) this.context.navigate(pageOf(file, this.context.query), { replace: true });
  }

  #draw() {
    render(page({
      model: this.#model,
      host: this.#host,
      query: this.context.query,
      neighbours: this.#neighbours,
      go: (event, file) => this.#follow(event, file),
    }), this.root);
  }

  /** A click on a neighbour leads there as the arrow keys do: Back returns to the list. */
  #follow(event, file) {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.#steps += 1;
    this.context.navigate(pageOf(file, this.context.query), { replace: true });
  }
}
