// The part of the uploader that takes files: a button, a place to drop them, and what may be chosen.

import { takeDrops } from './drops.js';
import { icon, make, set, write } from './dom.js';

/** @import { Target } from './drops.js' */
/** @import { Words } from './words.js' */

/** @typedef {{multiple: boolean, disabled: boolean, accept: string, hint: string}} Shown */

export class Dropzone {
  #input;
  #label = make('span');
  #invite = make('span', { part: 'invite', class: 'invite', 'aria-hidden': 'true' });
  #hint = make('p', { part: 'hint', class: 'hint', id: 'hint' });
  #isOver = false;

  /** @param {() => Words} words @param {() => void} open @param {Target} target */
  constructor(words, open, target) {
    this.words = words;
    this.multiple = false;
    this.#input = make('input', { type: 'file', hidden: true, tabindex: -1, onchange: () => target.take(this.#chosen(), []) });
    this.button = make('button', { type: 'button', part: 'button choose', class: 'choose', 'aria-describedby': 'hint', onclick: open }, icon('upload'), this.#label);
    this.element = make('div', { part: 'dropzone', class: 'drop' }, this.#input, this.button, this.#invite, this.#hint);
    takeDrops(this.element, { ...target, over: (isOver) => this.#over(isOver) });
  }

  /** Open the file dialog. */
  open() { this.#input.click(); }

  #chosen() {
    const files = Array.from(this.#input.files ?? []);
    this.#input.value = ''; // the same file may be chosen again
    return files;
  }

  /** @param {Shown} shown */
  show({ multiple, disabled, accept, hint }) {
    this.multiple = multiple;
    write(this.#label, this.words().say(multiple ? 'chooseMany' : 'choose'));
    this.#over(this.#isOver);
    this.say(hint);
    this.button.disabled = disabled;
    set(this.#input, 'multiple', multiple);
    set(this.#input, 'accept', accept || undefined);
  }

  /** Below the button. @param {string} text */
  say(text) {
    write(this.#hint, text);
    this.#hint.hidden = !text;
  }

  /** @param {boolean} isOver a drag */
  #over(isOver) {
    this.#isOver = isOver;
    this.element.classList.toggle('over', isOver);
    write(this.#invite, this.words().say(isOver ? 'dropNow' : this.multiple ? 'dropMany' : 'drop'));
  }
}
