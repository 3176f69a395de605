// The small picture of a file, for its row and its panel. api/pages.py chooses by the same rule.

const ROLES = [/^thumbnail-/, /^poster$/, /^cover$/, /^page-1$/]; // the best one first
const SIDE = 256; // pixels

/** The derivative to show, or undefined. The sizes and formats of thumbnails are options of a pipeline. */
export function thumbnailOf(file) {
  const pictures = (file.derivatives ?? []).filter((each) => each.media_type?.startsWith('image/') && rankOf(each) >= 0);
  return pictures.sort((a, b) => rankOf(a) - rankOf(b) || distance(a) - distance(b) || a.role.length - b.role.length)[0];
}

const rankOf = ({ role }) => ROLES.findIndex((pattern) => pattern.test(role));
const distance = ({ width, height }) => Math.abs(Math.max(width ?? 0, height ?? 0) - SIDE);
