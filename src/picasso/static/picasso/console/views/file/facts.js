// Facts about the file: the few that people look for, its place, its colours, and what one should know before using it.

import { html, nothing } from '../../core/html.js';
import { bytes, date, exactBytes, visible } from '../../core/format.js';
import { t } from '../../core/words.js';
import { copyText } from './copying.js';
import * as byKind from './facts_by_kind.js';
import { kindOf } from './kinds.js';
import { typeName } from './names.js';
import { coordinates, geo, position } from './units.js';

const MOST = 8;

const OF_KIND = {
  picture: byKind.ofPicture, video: byKind.ofVideo, audio: byKind.ofAudio, pdf: byKind.ofPdf, document: byKind.ofDocument,
  mail: byKind.ofMail, table: byKind.ofTable, archive: byKind.ofArchive, text: byKind.ofText,
};

/** @param {object} file */
export function keyFacts(file) {
  const found = (OF_KIND[kindOf(file)]?.(file.facts) ?? []).filter(([, value]) => value !== undefined && value !== '' && value !== false && value !== null && value !== 0);
  const all = [...found.slice(0, MOST), ...ofEveryFile(file)];
  return html`<dl class="facts key-facts">${all.map(([label, value]) => html`<dt>${label}</dt><dd><bdi>${value}</bdi></dd>`)}</dl>`;
}

function ofEveryFile(file) {
  return [
    [t('Type'), html`<span title=${file.media_type}>${typeName(file.media_type)}</span>`],
    ...(sentAs(file) ? [[t('Sent as'), html`<span title=${file.declared_type}>${typeName(file.declared_type)}</span>`]] : []),
    [t('Size'), html`<span title=${exactBytes(file.size)}>${bytes(file.size)}</span>`],
    [t('Uploaded'), html`<time datetime=${file.uploaded_at}>${date(file.uploaded_at)}</time>`],
    ...(file.owner ? [[t('Owner'), visible(file.owner)]] : []),
    ...(file.expires_at ? [[t('Expires'), date(file.expires_at)]] : []),
  ];
}

/** Whether the declared type is wrong. Plain text may be what its sender says, as a CSV of one column is: nothing in it tells. */
function sentAs({ facts, declared_type: declared, media_type: found }) {
  if (facts.file?.declared_type_matches !== false || !declared) return false;
  return !(found === 'text/plain' && declared.startsWith('text/') && !declared.startsWith('text/html'));
}

/** Where it was taken or recorded. */
export function place(file) {
  const { gps } = file.facts.image ?? {};
  const found = gps?.latitude != null && gps.longitude != null ? gps : position(file.facts.video?.location ?? file.facts.audio?.location);
  if (!found) return nothing;
  return html`
    <p class="place">
      <a href=${geo(found)}>${coordinates(found)}</a>
      <button class="button quiet" type="button" @click=${() => copyText(`${found.latitude}, ${found.longitude}`)}>${t('Copy')}</button>
    </p>`;
}

/** The palette; a click copies a colour. */
export function colours(file) {
  const found = (file.facts.image?.dominant_colours ?? []).filter(({ colour }) => /^#[0-9a-f]{6}$/i.test(colour));
  if (!found.length) return nothing;
  return html`
    <ul class="swatches" aria-label=${t('Colours')}>${found.map(({ colour }) => html`
      <li><button class="swatch" type="button" title=${t('Copy {colour}', { colour })} aria-label=${t('Copy {colour}', { colour })} @click=${() => copyText(colour)}>
        <span class="swatch-paint" .style=${`background: ${colour}`}></span><span class="swatch-name">${colour}</span></button></li>`)}
    </ul>`;
}

/** What one should know before using the file. */
export function warnings(file) {
  const found = [...incomplete(file), ...active(file)];
  return found.length ? html`<ul class="notice waiting file-warnings">${found.map((text) => html`<li>${text}</li>`)}</ul>` : nothing;
}

function incomplete({ facts }) {
  const { image = {}, video = {}, audio = {}, archive = {}, text = {}, table = {} } = facts;
  const undecodable = text.undecodable || table.undecodable;
  return [
    (image.truncated || video.complete === false || audio.complete === false) && t('The end of this file is missing.'),
    archive.incomplete && t('Not all of the archive could be read.'),
    undecodable && t('Some characters could not be read: {n}.', { n: undecodable }),
    needsPassword(facts) && t('It needs a password.'),
  ].filter(Boolean);
}

const needsPassword = (facts) => Object.values(facts).some((each) => each?.encrypted === true && !each.opens_without_password);

function active({ facts }) {
  const found = Object.values(facts).flatMap((each) => Object.keys(each?.active_content ?? {}));
  const kinds = found.filter((kind) => kind !== 'incomplete');
  const flags = facts.archive?.flags ?? {};
  return [
    kinds.length && t('It contains what acts by itself when it is opened: {kinds}.', { kinds: [...new Set(kinds)].map((kind) => visible(kind).replaceAll('_', ' ')).join(', ') }),
    found.length > kinds.length && t('It could not be examined to its end.'),
    flags.bomb && t('It unpacks to far more than its size suggests.'),
    (flags.path_traversal || flags.absolute_paths || flags.link_escapes) && t('Some of its paths lead out of the folder that it is unpacked to.'),
  ].filter(Boolean);
}
