// The uploader as a control of a form: its value are the ids of the files, and a form waits until all are there.

/** @import { FileInfo } from '../index.d.ts' */
/** @import { Item } from './item.js' */
/** @import { Words } from './words.js' */

/** @typedef {{name: string, multiple: boolean, required: boolean, words: Words}} Control */

/** Of files that are stored. @param {Item[]} items */
export const idsOf = (items) => items.filter((item) => item.isStored).map(({ id }) => id);

/** What was said of files, as a list. @param {unknown} value @returns {FileInfo[]} */
export const listed = (value) => (Array.isArray(value) ? value : value ? [value] : []).filter((each) => each?.id);

export class FormValue {
  /** @param {ElementInternals} internals @param {Control} control @param {HTMLElement} anchor where the browser shows what is wrong */
  constructor(internals, control, anchor) {
    this.internals = internals;
    this.control = control;
    this.anchor = anchor;
  }

  /** @param {Item[]} items */
  set(items) {
    const ids = idsOf(items), state = JSON.stringify(items.flatMap(({ info }) => (info ? brief(info) : [])));
    this.internals.setFormValue(this.control.multiple ? this.#entries(ids) : ids[0] ?? '', state);
    this.#validate(items, ids);
  }

  /** @param {string[]} ids */
  #entries(ids) {
    const entries = new FormData();
    for (const id of ids) entries.append(this.control.name, id);
    return entries;
  }

  /** @param {Item[]} items @param {string[]} ids */
  #validate(items, ids) {
    if (items.some((item) => item.isUnderWay)) this.#refuse({ customError: true }, 'unfinished');
    else if (items.some((item) => item.isOver)) this.#refuse({ customError: true }, 'unresolved');
    else if (this.control.required && !ids.length) this.#refuse({ valueMissing: true }, 'missing');
    else this.internals.setValidity({});
  }

  /** @param {ValidityStateFlags} flags @param {string} key */
  #refuse(flags, key) { this.internals.setValidity(flags, this.control.words.say(key), this.anchor); }
}

/** What the history of the browser keeps. @param {FileInfo} info */
const brief = ({ id, name, size, media_type }) => ({ id, name, size, media_type });
