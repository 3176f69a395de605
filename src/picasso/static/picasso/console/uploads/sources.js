// Where files come from: a dialog, a drop or a paste, with the files of folders.

/** What systems leave in folders, and nobody wants to upload. */
const LEFTOVERS = new Set(['.DS_Store', 'Thumbs.db', 'desktop.ini']);

const DEEPEST = 50; // folders within folders

/**
 * @typedef {{file: File, folder: string}} Found `folder` is the path of the folder in what was chosen; empty without one
 */

/** Of an input. @param {FileList} files @returns {Found[]} */
export function filesOfInput(files) {
  const found = [...files].map((file) => ({ file, folder: parentOf(file.webkitRelativePath) }));
  return found.filter(wanted);
}

/**
 * Of a drop or a paste. The list is read before the first wait: afterwards the browser has emptied it.
 * @param {DataTransfer} transfer
 * @returns {Promise<Found[]>}
 */
export async function filesOfTransfer({ items }) {
  const things = [...items].filter(({ kind }) => kind === 'file').map((item) => ({ file: item.getAsFile(), entry: item.webkitGetAsEntry?.() }));
  const lists = await Promise.all(things.map(({ file, entry }) => entry?.isDirectory ? filesIn(entry, '') : [{ file, folder: '' }]));
  return lists.flat().filter(({ file }) => file);
}

async function filesIn(directory, parent, depth = 0) {
  const folder = parent + directory.name, found = [];
  for (const entry of await entriesOf(directory)) {
    if (entry.isDirectory && depth < DEEPEST) found.push(...await filesIn(entry, `${folder}/`, depth + 1));
    else if (entry.isFile) found.push({ file: await fileOf(entry), folder });
  }
  return found.filter(wanted);
}

/** A reader gives at most a hundred at once. */
async function entriesOf(directory) {
  const reader = directory.createReader(), found = [];
  for (;;) {
    const some = await new Promise((done) => { reader.readEntries(done, () => done([])); });
    if (!some.length) return found.sort((a, b) => a.name.localeCompare(b.name));
    found.push(...some);
  }
}

/** Null if it can't be read. */
const fileOf = (entry) => new Promise((done) => { entry.file(done, () => done(null)); });

const parentOf = (path) => path.split('/').slice(0, -1).join('/');
const wanted = ({ file, folder }) => file && !(folder && LEFTOVERS.has(file.name));
