// The elements of the page: find them, create more, show messages.

import { visible } from './words.js';

export const $ = (selector, root = document) => root.querySelector(selector);
export const slot = (name, root) => $(`[data-slot="${name}"]`, root);
export const { uploadsUrl, filesUrl, maxSize } = document.body.dataset;

export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null) node.setAttribute(name, value);
  node.append(...children.filter(Boolean));
  return node;
}

export const webUrl = (url) => /^(https?:\/)?\//i.test(url) ? url : '#'; // no javascript:
export const copyOf = (id) => $(id).content.firstElementChild.cloneNode(true);
export const announce = (text) => { $('#status').textContent = text; };

export function complain(text) {
  const notice = $('#notice');
  notice.textContent = visible(text);
  notice.hidden = !text;
}
