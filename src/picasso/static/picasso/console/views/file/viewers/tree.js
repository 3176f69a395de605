// Paths to a tree.

const DEEPEST = 64; // what lies deeper stays one name

/**
 * @typedef {{name: string, children: Node[], isFolder: boolean, entry?: object, count: number, size: number, open?: boolean, shown?: number}} Node
 * `count` and `size`: of all files below.
 */

/** @param {{name: string, type: string, size: number | null}[]} entries @returns {Node} without a name */
export function treeOf(entries) {
  const root = node('', true);
  const byName = new Map([[root, new Map()]]);
  for (const entry of entries) add(root, byName, entry);
  finish(root);
  return root;
}

const node = (name, isFolder) => ({ name, isFolder, children: [], count: 0, size: 0 });

function add(root, byName, entry) {
  const parts = entry.name.split(/[/\\]/).filter(Boolean);
  const names = parts.length > DEEPEST ? [...parts.slice(0, DEEPEST), parts.slice(DEEPEST).join('/')] : parts;
  let at = root;
  names.forEach((name, depth) => {
    const isLast = depth === names.length - 1, isFolder = !isLast || entry.type === 'folder';
    at = isFolder ? folder(byName, at, name) : leaf(at, name, entry);
  });
}

function folder(byName, parent, name) {
  const known = byName.get(parent);
  if (!known.has(name)) {
    const made = node(name, true);
    known.set(name, made);
    byName.set(made, new Map());
    parent.children.push(made);
  }
  return known.get(name);
}

/** Each stays, also those of one name: an archive may have it twice. */
function leaf(parent, name, entry) {
  const made = { ...node(name, false), entry, count: 1, size: entry.size ?? 0 };
  parent.children.push(made);
  return made;
}

/** Folders first, and their sums. */
function finish(at) {
  for (const child of at.children) if (child.isFolder) finish(child);
  if (at.isFolder) for (const key of ['count', 'size']) at[key] = at.children.reduce((sum, child) => sum + child[key], 0);
  at.children.sort((a, b) => b.isFolder - a.isFolder || collator.compare(a.name, b.name));
}

const collator = new Intl.Collator(undefined, { numeric: true });
