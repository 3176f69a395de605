// Text and code, with the numbers of lines.

import { visible } from '../../../core/format.js';
import { LinesViewer } from './lines.js';

export function mount(host, file, { signal }) {
  const encoding = file.facts.text ? file.facts.text.encoding : file.facts.file?.charset;
  const viewer = new LinesViewer(host, { url: file.file, size: file.size, encoding, signal, label: visible(file.name), numbered: true });
  return { update: (file) => viewer.update(file.file), unmount() {} };
}
