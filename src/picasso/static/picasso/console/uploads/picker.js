// The dialogs of the browser that choose files, a folder, or take a picture.

import { filesOfInput } from './sources.js';

export class Picker {
  #inputs = {};

  /** @param {HTMLElement} root @param {(found: import('./sources.js').Found[]) => void} chosen */
  constructor(root, chosen) {
    this.#inputs.files = input(root, chosen, { id: 'dock-files', multiple: true });
    this.#inputs.folder = input(root, chosen, { id: 'dock-folder', webkitdirectory: true });
    this.#inputs.camera = input(root, chosen, { id: 'dock-camera', accept: 'image/*', capture: 'environment' });
  }

  files() { this.#inputs.files.click(); }
  folder() { this.#inputs.folder.click(); }
  camera() { this.#inputs.camera.click(); }

  /** Phones have one within reach; elsewhere the dialog is that of files. */
  get hasCamera() { return matchMedia('(pointer: coarse)').matches; }
}

function input(root, chosen, properties) {
  const made = Object.assign(document.createElement('input'), { type: 'file', hidden: true, ...properties });
  made.addEventListener('change', () => {
    const found = filesOfInput(made.files);
    made.value = ''; // so that the same file can be chosen again
    chosen(found);
  });
  root.append(made);
  return made;
}
