// What an upload says about its file, as header fields and metadata have it. Everything is ASCII on the wire.

/** @import { UploadOptions } from './index.d.ts' */

const encoder = new TextEncoder();

/** JSON in ASCII. @param {unknown} value */
const asciiJson = (value) => JSON.stringify(value).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** @param {UploadOptions} options @returns {Record<string, string>} */
function wishes({ pipeline, visibility, expiresAt, webhookUrl, tags, attributes }) {
  const found = {
    pipeline,
    visibility,
    expires_at: expiresAt instanceof Date ? expiresAt.toISOString() : expiresAt,
    webhook_url: webhookUrl,
    tags: tags?.length ? asciiJson(tags) : undefined,
    attributes: attributes && asciiJson(attributes),
  };
  return /** @type {any} */ (Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)));
}

/** For a raw body: the query and the header fields. @param {string} name @param {string} type @param {UploadOptions} options */
export function rawDescription(name, type, options) {
  const { tags, attributes, ...query } = wishes(options);
  const headers = {
    'Content-Disposition': `attachment; filename*=UTF-8''${extended(name)}`,
    ...(type && { 'Content-Type': type }),
    ...(tags && { 'Picasso-Tags': tags }),
    ...(attributes && { 'Picasso-Attributes': attributes }),
  };
  return { query: new URLSearchParams(query), headers };
}

/** For tus: Upload-Metadata. @param {string} name @param {string} type @param {UploadOptions} options */
export function uploadMetadata(name, type, options) {
  const found = { filename: name, ...(type && { filetype: type }), ...wishes(options) };
  return Object.entries(found).map(([key, value]) => `${key} ${base64(value)}`).join(',');
}

/** @param {string} text */
const base64 = (text) => btoa(String.fromCharCode(...encoder.encode(text)));

/** As an ext-value of RFC 8187. @param {string} text */
const extended = (text) => Array.from(encoder.encode(text), (byte) => {
  const letter = String.fromCharCode(byte);
  return /[A-Za-z0-9._~-]/.test(letter) ? letter : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}).join('');
