// Files as one ZIP file, packed in the browser while they are downloaded. Nothing is compressed: most files are already.

import { downloadZip } from '../../../vendor/client-zip.js';
import { api } from '../../core/api.js';
import { bytes, nameOf, webUrl } from '../../core/format.js';
import { toast } from '../../core/toasts.js';
import { t, tn } from '../../core/words.js';

export const MOST_FILES = 10_000;

/** Where the browser can't write to a file as it goes, it keeps the whole ZIP file until it is complete. */
const MOST_KEPT = 2e9; // bytes

const NAME = 'picasso.zip';

/** @param {object[]} files */
export async function saveZip(files) {
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const place = await placeToWrite(size);
  if (place === null) return;
  const over = new AbortController();
  const text = tn('Packing {n} file, {size} …', 'Packing {n} files, {size} …', files.length, { size: bytes(size) });
  const remove = toast(text, { seconds: Infinity, action: { label: t('Cancel'), run: () => over.abort() } });
  try {
    const packed = downloadZip(entries(files, over.signal));
    await (place ? packed.body.pipeTo(await place.createWritable(), { signal: over.signal }) : offer(await packed.blob()));
    toast(tn('{n} file packed.', '{n} files packed.', files.length));
  } catch (fault) {
    if (!over.signal.aborted) throw fault;
  } finally { remove(); }
}

/** A file that the person chose; undefined where browsers have no such dialog; null if they chose none. */
async function placeToWrite(size) {
  if (!globalThis.showSaveFilePicker) {
    if (size > MOST_KEPT) throw new Error(t('This browser can pack up to {size} at once.', { size: bytes(MOST_KEPT) }));
    return undefined;
  }
  try {
    return await showSaveFilePicker({ suggestedName: NAME, types: [{ accept: { 'application/zip': ['.zip'] } }] });
  } catch (fault) {
    if (fault.name === 'AbortError') return null;
    throw fault;
  }
}

/** One file after the other, as the ZIP file takes them. */
async function* entries(files, signal) {
  const taken = new Set();
  for (const file of files) {
    const answer = await api(webUrl(file.file), { raw: true, signal, headers: { Accept: '*/*' } });
    yield { name: freeName(nameOf(file), taken), input: answer, lastModified: new Date(file.uploaded_at), size: file.size };
  }
}

/** A name that no other file of the ZIP file has, not even in other letters: "photo (2).jpg". */
export function freeName(name, taken) {
  const safe = name.replace(/[\\/:*?"<>|]/g, '_').replace(/^\.+$/, '_');
  const dot = safe.lastIndexOf('.'), end = dot > 0 ? dot : safe.length;
  let free = safe;
  for (let n = 2; taken.has(free.toLowerCase()); n += 1) free = `${safe.slice(0, end)} (${n})${safe.slice(end)}`;
  taken.add(free.toLowerCase());
  return free;
}

function offer(blob) {
  const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(blob), download: NAME });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
