// The picture of a file that the service has made.

/** @import { Derivative, FileInfo } from '../index.d.ts' */

const ROLES = [/^thumbnail-/, /^poster$/, /^cover$/, /^page-1$/, /^waveform$/]; // the best one first

/** The derivative to show in a square of so many pixels, or undefined. @param {FileInfo} file @param {number} side */
export function thumbnailOf(file, side) {
  const pictures = (file.derivatives ?? []).filter((each) => each.media_type.startsWith('image/') && rankOf(each) >= 0);
  return pictures.sort((one, other) => rankOf(one) - rankOf(other) || excess(one, side) - excess(other, side))[0];
}

/** @param {Derivative} derivative */
const rankOf = ({ role }) => ROLES.findIndex((pattern) => pattern.test(role));

/** One that is too small is worse than one that is too large. @param {Derivative} derivative @param {number} side */
function excess({ width, height }, side) {
  const found = Math.min(width ?? 0, height ?? 0);
  return found < side ? 1e6 + side - found : found;
}
