// The attributes of <picasso-uploader>, and the properties that reflect them.

import { PicassoElement } from './element.js';
import { listed } from './form_value.js';
import { sizeOf } from './format.js';

/** @import { FileInfo } from '../index.d.ts' */

const PARALLEL = 3; // a browser has six connections to a service over HTTP/1.1, and following needs some

export class UploaderAttributes extends PicassoElement {
  static observedAttributes = [...PicassoElement.observedAttributes, 'accept', 'disabled', 'files', 'max-files', 'max-size', 'multiple', 'name', 'required', 'value'];
  static properties = [
    ...PicassoElement.properties,
    ...['accept', 'disabled', 'fileAttributes', 'maxFiles', 'maxSize', 'multiple', 'name', 'parallel', 'pipeline'],
    ...['required', 'resize', 'tags', 'visibility', 'files', 'value'],
  ];

  /** @type {Record<string, unknown> | undefined} */
  #fileAttributes;

  get accept() { return this.getAttribute('accept') ?? ''; }
  set accept(value) { this.reflect('accept', value); }
  get disabled() { return this.hasAttribute('disabled'); }
  set disabled(value) { this.reflect('disabled', Boolean(value)); }
  get multiple() { return this.hasAttribute('multiple'); }
  set multiple(value) { this.reflect('multiple', Boolean(value)); }
  get required() { return this.hasAttribute('required'); }
  set required(value) { this.reflect('required', Boolean(value)); }
  get name() { return this.getAttribute('name') ?? ''; }
  set name(value) { this.reflect('name', value); }
  get pipeline() { return this.getAttribute('pipeline') ?? ''; }
  set pipeline(value) { this.reflect('pipeline', value); }
  get visibility() { return this.getAttribute('visibility') ?? ''; }
  set visibility(value) { this.reflect('visibility', value); }
  get maxSize() { return sizeOf(this.getAttribute('max-size')); }
  set maxSize(value) { this.reflect('max-size', value); }
  get maxFiles() { return sizeOf(this.getAttribute('max-files')); }
  set maxFiles(value) { this.reflect('max-files', value); }
  get resize() { return sizeOf(this.getAttribute('resize')) ?? 0; }
  set resize(value) { this.reflect('resize', value); }
  get parallel() { return Math.max(1, sizeOf(this.getAttribute('parallel')) ?? PARALLEL); }
  set parallel(value) { this.reflect('parallel', value); }
  get tags() { return (this.getAttribute('tags') ?? '').split(',').map((tag) => tag.trim()).filter(Boolean); }
  set tags(value) { this.reflect('tags', Array.from(value ?? []).join(',')); }

  /** What an application says of its files. (`attributes` is taken: every element has its own.) */
  get fileAttributes() { return this.#fileAttributes ?? parsed(this.getAttribute('attributes')); }
  set fileAttributes(value) { this.#fileAttributes = value; }

  /** The files that the attributes `files` or `value` name. @returns {FileInfo[]} */
  get storedFiles() {
    const known = listed(parsed(this.getAttribute('files')));
    if (known.length) return known;
    return (this.getAttribute('value') ?? '').split(/[\s,]+/).filter(Boolean).map((id) => /** @type {FileInfo} */ ({ id }));
  }

  /** What is sent with each file. */
  get wishes() {
    const { pipeline, visibility, tags, fileAttributes } = this;
    return { pipeline: pipeline || undefined, visibility: /** @type {'public' | 'private' | undefined} */ (visibility || undefined), tags, attributes: fileAttributes };
  }
}

/** JSON, or undefined. @param {string | null} text @returns {any} */
export function parsed(text) {
  try { return text ? JSON.parse(text) : undefined; } catch { return undefined; }
}
