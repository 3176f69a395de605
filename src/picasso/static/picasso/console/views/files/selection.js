// Which files are selected: some, or all of the list but some.

export class Selection {
  #files = new Map(); // id → file
  #all = false;
  #except = new Set(); // ids

  /** Where a range begins: the place that was chosen last. */
  start = 0;

  has(id) { return this.#all ? !this.#except.has(id) : this.#files.has(id); }

  /** How many are selected of a list of so many. */
  size(total) { return this.#all ? Math.max(0, total - this.#except.size) : this.#files.size; }

  /** The selected files; null if all of the list are, but `except`. */
  get files() { return this.#all ? null : [...this.#files.values()]; }

  get except() { return this.#except; }

  clear() {
    this.#files.clear();
    this.#except.clear();
    this.#all = false;
  }

  selectAll() {
    this.clear();
    this.#all = true;
  }

  only(files) {
    this.clear();
    this.add(files);
  }

  add(files) {
    for (const file of files) this.#all ? this.#except.delete(file.id) : this.#files.set(file.id, file);
  }

  toggle(file) {
    if (!this.has(file.id)) this.add([file]);
    else this.remove([file.id]);
  }

  remove(ids) {
    for (const id of ids) this.#all ? this.#except.add(id) : this.#files.delete(id);
  }

  /** These files do not exist any more. */
  forget(ids) {
    for (const id of ids) {
      this.#files.delete(id);
      this.#except.delete(id);
    }
  }
}
