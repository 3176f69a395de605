// What an upload says about its file, as header fields and metadata have it. Everything is ASCII on the wire.

/** @import { UploadOptions } from './index.d.ts' */

const encoder = new TextEncoder();

/** Bytes of tags and attributes in the head of a request. Many proxies take no header field of more than 8 KiB. */
const HEAD_LIMIT = 6000;

/** JSON in ASCII. @param {unknown} value */
const asciiJson = (value) => JSON.stringify(value).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** @param {UploadOptions} options @param {(value: unknown) => string} json @returns {Record<string, string>} */
function wishes({ pipeline, visibility, expiresAt, webhookUrl, tags, attributes }, json) {
  const found = {
    pipeline,
    visibility,
    expires_at: expiresAt instanceof Date ? expiresAt.toISOString() : expiresAt,
    webhook_url: webhookUrl,
    tags: tags?.length ? json(tags) : undefined,
    attributes: attributes && json(attributes),
  };
  return /** @type {any} */ (Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)));
}

/**
 * A small upload: the query, the header fields and the body, which is a form if the head would be too long.
 * @param {string} name @param {string} type @param {UploadOptions} options @param {Blob} content
 */
export function smallRequest(name, type, options, content) {
  const { tags = '', attributes = '', ...others } = wishes(options, asciiJson), query = new URLSearchParams(others);
  if (isLong(tags + attributes)) return { query, ...form(name, type, { tags, attributes }, content) };
  const headers = {
    'Content-Disposition': `attachment; filename*=UTF-8''${extended(name)}`,
    ...(type && { 'Content-Type': type }),
    ...(tags && { 'Picasso-Tags': tags }),
    ...(attributes && { 'Picasso-Attributes': attributes }),
  };
  return { query, headers, body: content };
}

/** RFC 7578. @param {string} name @param {string} type @param {Record<string, string>} fields @param {Blob} content */
function form(name, type, fields, content) {
  const boundary = `picasso-${crypto.getRandomValues(new Uint32Array(4)).join('-')}`;
  const texts = Object.entries(fields).filter(([, value]) => value).map(([key, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`);
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename*=UTF-8''${extended(name)}\r\n`;
  const body = new Blob([...texts, head, type && `Content-Type: ${type}\r\n`, '\r\n', content, `\r\n--${boundary}--\r\n`]);
  return { headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` }, body };
}

/** Whether a proxy may refuse it in the head of a request. @param {string} text */
export const isLong = (text) => text.length > HEAD_LIMIT;

/** For tus: Upload-Metadata. @param {string} name @param {string} type @param {UploadOptions} options */
export function uploadMetadata(name, type, options) {
  const found = { filename: name, ...(type && { filetype: type }), ...wishes(options, JSON.stringify) };
  return Object.entries(found).map(([key, value]) => `${key} ${base64(value)}`).join(',');
}

/** @param {string} text */
const base64 = (text) => btoa(String.fromCharCode(...encoder.encode(text)));

/** As an ext-value of RFC 8187. @param {string} text */
const extended = (text) => Array.from(encoder.encode(text), (byte) => {
  const letter = String.fromCharCode(byte);
  return /[A-Za-z0-9._~-]/.test(letter) ? letter : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}).join('');
