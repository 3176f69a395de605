// Pictures in the page: made smaller before they are sent, and drawn as thumbnails. No URL of a blob is needed, so a strict
// policy (CSP) of the page allows it.

const HEAD = 64 * 1024; // bytes in which animations show
const LARGEST = 40_000_000; // bytes; decoding more may exhaust a phone
const QUALITY = 0.86;

/** Types that come out as they went in. All others that the browser can decode become JPEG. */
const KEPT = new Set(['image/jpeg', 'image/png', 'image/webp']);
const NOT_PICTURES = /^image\/(gif|svg|apng)/; // animations and drawings lose by it

/** Whether the browser may know how to draw it. @param {Blob} file */
export const isPicture = (file) => /^image\/(?!svg)/.test(file.type) && file.size <= LARGEST;

/**
 * The picture with both sides at most so long, the right way up; or the file as it is, if it fits, is no picture that the
 * browser can decode, is animated, or would not get smaller. Metadata such as the place are not copied.
 * @param {File} file @param {number} side pixels
 */
export async function shrunk(file, side) {
  if (!isPicture(file) || NOT_PICTURES.test(file.type) || await isAnimated(file)) return file;
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) return file;
  try {
    const scale = side / Math.max(bitmap.width, bitmap.height);
    if (!(scale < 1)) return file;
    const smaller = await encoded(bitmap, scale, KEPT.has(file.type) ? file.type : 'image/jpeg');
    return smaller && smaller.size < file.size ? named(smaller, file) : file;
  } finally {
    bitmap.close();
  }
}

/** PNG and WebP tell it in their head: https://www.w3.org/TR/png-3/#acTL-chunk, RFC 9649 section 2.7. @param {File} file */
async function isAnimated(file) {
  if (file.type !== 'image/png' && file.type !== 'image/webp') return false;
  const head = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
  return new TextDecoder('latin1').decode(head).includes(file.type === 'image/png' ? 'acTL' : 'ANIM');
}

/** @param {ImageBitmap} bitmap @param {number} scale @param {string} type @returns {Promise<Blob | null>} */
function encoded(bitmap, scale, type) {
  const canvas = document.createElement('canvas');
  draw(bitmap, canvas, Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)));
  return new Promise((done) => { canvas.toBlob(done, type, QUALITY); });
}

/** @param {ImageBitmap} bitmap @param {HTMLCanvasElement} canvas @param {number} width @param {number} height */
function draw(bitmap, canvas, width, height) {
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  if (!context) return;
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
}

/** With its time, by which an upload goes on after a reload. @param {Blob} blob @param {File} original */
function named(blob, { name, type, lastModified }) {
  const suffix = blob.type === type ? '' : '.jpg';
  return new File([blob], suffix ? name.replace(/\.[^.]*$/, '') + suffix : name, { type: blob.type, lastModified });
}

let drawing = Promise.resolve(); // one at a time: each takes four bytes of memory a pixel

/** Draw it into a square. Nothing happens if the browser can't decode it. @param {File} file @param {HTMLCanvasElement} canvas @param {number} side */
export function thumbnail(file, canvas, side) {
  drawing = drawing.then(async () => {
    const bitmap = canvas.isConnected && await createImageBitmap(file).catch(() => null);
    if (!bitmap) return;
    const scale = Math.min(1, side / Math.min(bitmap.width, bitmap.height));
    draw(bitmap, canvas, Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)));
    bitmap.close();
    canvas.hidden = false;
  });
  return drawing;
}
