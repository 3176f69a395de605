// Addresses of bytes: those in answers are links that expire, and may be used with `?download`.

import { webUrl as web } from '../../core/format.js';

export { web };

/** The same bytes, as an attachment. */
export const asDownload = (url) => `${web(url)}${url.includes('?') ? '&' : '?'}download`;

/** The address without what makes it a link: it needs a credential, and does not expire. */
export const plain = (url) => url.split('?')[0];

/** When a link ends, in milliseconds of the clock; undefined for an address that does not end. */
export function expiry(url) {
  const seconds = new URL(url, location.href).searchParams.get('expires');
  return seconds ? Number(seconds) * 1000 : undefined;
}

/** The derivative with this role. */
export const derivative = (file, role) => file.derivatives.find((each) => each.role === role);

/** The picture that stands for a file: the largest that is not animated. */
export function stillOf(file) {
  const stills = file.derivatives.filter((each) => /^image\//.test(each.media_type) && /^(thumbnail-|poster$|cover$|page-1$)/.test(each.role));
  return stills.toSorted((a, b) => area(b) - area(a))[0];
}

const area = ({ width, height }) => (width ?? 0) * (height ?? 0);
