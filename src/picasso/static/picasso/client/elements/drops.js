// Files that are dropped on an element or pasted into it.

/**
 * @typedef {object} Target
 * @property {() => boolean} isOpen whether it takes files now
 * @property {(isOver: boolean) => void} over
 * @property {(files: File[], folders: string[]) => void} take
 */

/** @param {HTMLElement} area @param {Target} target */
export function takeDrops(area, target) {
  let depth = 0; // a drag enters and leaves each child, too
  const isDrag = (/** @type {DragEvent} */ event) => target.isOpen() && Boolean(event.dataTransfer?.types.includes('Files'));
  const move = (/** @type {number} */ step) => {
    depth = Math.max(0, depth + step);
    target.over(depth > 0);
  };
  area.addEventListener('dragenter', (event) => { if (isDrag(event)) move(1); });
  area.addEventListener('dragleave', () => move(-1));
  area.addEventListener('dragover', (event) => { if (isDrag(event)) event.preventDefault(); });
  area.addEventListener('drop', (event) => {
    move(-depth);
    if (isDrag(event)) take(event, event.dataTransfer, target);
  });
}

/** @param {HTMLElement} area @param {Target} target */
export function takePastes(area, target) {
  area.addEventListener('paste', (event) => { if (target.isOpen() && event.clipboardData?.files.length) take(event, event.clipboardData, target); });
}

/** @param {Event} event @param {DataTransfer | null} data @param {Target} target */
function take(event, data, target) {
  event.preventDefault();
  const things = Array.from(data?.items ?? []).filter(({ kind }) => kind === 'file');
  const isFolder = (/** @type {DataTransferItem} */ item) => Boolean(item.webkitGetAsEntry?.()?.isDirectory);
  const folders = things.filter(isFolder).map((item) => item.getAsFile()?.name ?? '');
  const files = things.filter((item) => !isFolder(item)).flatMap((item) => item.getAsFile() ?? []);
  target.take(files.length || folders.length ? files : Array.from(data?.files ?? []), folders);
}
