// ThumbHash (https://evanw.github.io/thumbhash/): a blurred picture in some 25 bytes, to show until the real one is there.

const SIDE = 32; // pixels
const KEPT = 1000;
const known = new Map(); // hash → address

/** The address of the blurred picture; empty if the hash is not one. @param {string} hash in base64 */
export function pictureOf(hash) {
  if (!known.has(hash)) {
    if (known.size >= KEPT) known.clear();
    known.set(hash, drawn(hash));
  }
  return known.get(hash);
}

function drawn(hash) {
  try {
    const { width, height, rgba } = decode(Uint8Array.from(atob(hash), (letter) => letter.charCodeAt(0)));
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    canvas.getContext('2d').putImageData(new ImageData(rgba, width, height), 0, 0);
    return canvas.toDataURL();
  } catch { return ''; }
}

/** The numbers at the beginning of a hash, by their bits. */
function headOf(bytes) {
  const low = bytes[0] | bytes[1] << 8 | bytes[2] << 16, high = bytes[3] | bytes[4] << 8;
  const hasAlpha = Boolean(low >> 23), wide = Boolean(high >> 15), most = hasAlpha ? 5 : 7, least = high & 7;
  return {
    means: [(low & 63) / 63, (low >> 6 & 63) / 31.5 - 1, (low >> 12 & 63) / 31.5 - 1, hasAlpha ? (bytes[5] & 15) / 15 : 1],
    scales: [(low >> 18 & 31) / 31, (high >> 3 & 63) / 63 * 1.25, (high >> 9 & 63) / 63 * 1.25, (bytes[5] >> 4) / 15],
    size: wide ? [most, least] : [least, most],
    hasAlpha,
  };
}

/** The waves of one channel: each with its frequencies and its strength. */
function wavesOf([across, down], scale, next) {
  const waves = [];
  for (let y = 0; y < down; y += 1)
    for (let x = y ? 0 : 1; x * down < across * (down - y); x += 1)
      waves.push([x, y, (next() / 7.5 - 1) * scale]);
  return waves;
}

/** @param {Uint8Array} bytes @returns {{width: number, height: number, rgba: Uint8ClampedArray}} */
export function decode(bytes) {
  if (bytes.length < 5 || bytes.length > 40) throw new RangeError('not a ThumbHash');
  const { means, scales, size, hasAlpha } = headOf(bytes);
  let at = hasAlpha ? 12 : 10; // in halves of a byte
  const next = () => { const half = bytes[at >> 1] >> (at & 1) * 4 & 15; at += 1; return half; };
  const shapes = [size.map((n) => Math.max(3, n)), [3, 3], [3, 3], ...(hasAlpha ? [[5, 5]] : [])];
  const channels = shapes.map((shape, n) => wavesOf(shape, scales[n], next));
  const ratio = (size[0] || 1) / (size[1] || 1);
  const width = Math.max(1, Math.round(ratio > 1 ? SIDE : SIDE * ratio));
  const height = Math.max(1, Math.round(ratio > 1 ? SIDE / ratio : SIDE));
  return { width, height, rgba: painted(width, height, channels, means) };
}

function painted(width, height, channels, means) {
  const rgba = new Uint8ClampedArray(width * height * 4);
  const [across, down] = [cosines(width), cosines(height)];
  for (let y = 0, at = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1, at += 4) {
      const [l, p, q, a = 1] = means.map((mean, n) => (channels[n] ?? []).reduce(
        (sum, [fx, fy, strength]) => sum + strength * 2 * across[x][fx] * down[y][fy], mean));
      const blue = l - p * 2 / 3, red = (3 * l - blue + q) / 2;
      rgba.set([red * 255, (red - q) * 255, blue * 255, a * 255], at);
    }
  return rgba;
}

/** For each pixel the cosine of each frequency there. */
const cosines = (length) => Array.from({ length }, (_, at) =>
  Array.from({ length: 8 }, (__, frequency) => Math.cos(Math.PI / length * (at + 0.5) * frequency)));
