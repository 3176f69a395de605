// What can be copied of a file and of what was made from it: its link, id, a command, Markdown and HTML.

import { html } from '../../core/html.js';
import { api } from '../../core/api.js';
import { copy } from '../../core/clipboard.js';
import { duration } from '../../core/format.js';
import { me } from '../../core/session.js';
import { toast } from '../../core/toasts.js';
import { t } from '../../core/words.js';
import { plain, web } from './addresses.js';

/** Copy a text and say so. If that does not work it is shown, to be copied by hand. */
export async function copyText(text, message = t('Copied')) {
  return await copy(text) ? toast(message) : toast(text, { seconds: 30 });
}

/**
 * @typedef {{file: object, derivative?: object}} What
 * `derivative`: what was made; without it the original is meant.
 */

/** A menu of what can be copied. @param {What} what */
export function copyMenu(what) {
  return html`
    <details class="menu" @focusout=${closeMenu} @keydown=${escapeMenu}>
      <summary class="button">${t('Copy')}</summary>
      <div class="menu-items" @click=${(event) => event.currentTarget.parentElement.removeAttribute('open')}>
        ${items(what).map(([label, copy]) => html`<button type="button" @click=${copy}>${label}</button>`)}
      </div>
    </details>`;
}

const closeMenu = (event) => { if (!event.currentTarget.contains(event.relatedTarget)) event.currentTarget.removeAttribute('open'); };

function escapeMenu(event) {
  if (event.key !== 'Escape' || !event.currentTarget.open) return;
  event.stopPropagation();
  event.currentTarget.removeAttribute('open');
  event.currentTarget.querySelector('summary').focus();
}

function items(what) {
  const { file, derivative } = what, target = derivative ?? { url: file.file, media_type: file.media_type };
  const address = new URL(plain(web(target.url)), location.href).href;
  return [
    [t('Link'), () => copyWithLink(what, (url) => url)],
    derivative ? [t('Role'), () => copyText(derivative.role)] : [t('ID'), () => copyText(file.id)],
    [t('curl command'), () => copyText(curl(file, address))],
    [t('Markdown'), () => copyWithLink(what, (url) => markdown(what, url))],
    [t('HTML'), () => copyWithLink(what, (url) => markup(what, url))],
  ];
}

/** Public files have an address that stays; for others a link is made, which ends. */
async function copyWithLink({ file, derivative }, made) {
  const address = derivative?.url ?? file.file;
  if (file.visibility === 'public' || !new URL(address, location.href).searchParams.has('signature')) return copyText(made(new URL(plain(address), location.href).href));
  try {
    const link = await api(`files/${file.id}/links/`, { method: 'POST', body: derivative ? { variant: derivative.role } : {} });
    const seconds = (Date.parse(link.expires_at) - Date.now()) / 1000;
    return copyText(made(link.url), t('Copied. The link is valid for {time}.', { time: duration(seconds) }));
  } catch (problem) {
    return toast(problem.detail, { bad: true });
  }
}

/** For a shell of POSIX. */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl(file, address) {
  const key = file.visibility === 'public' || me.kind === 'open' ? '' : '-H "Authorization: Bearer $PICASSO_KEY" ';
  return `curl ${key}-o ${quoted(address.split('/').at(-1))} ${quoted(address)}`;
}

const nameOf = ({ file, derivative }) => (derivative ? `${file.name} (${derivative.role})` : file.name);
const mediaOf = ({ file, derivative }) => derivative ?? { media_type: file.media_type, ...file.facts.image, ...file.facts.video };

function markdown(what, url) {
  const name = nameOf(what).replace(/[\\[\]`*_<>!\n\r]/g, (c) => (/\s/.test(c) ? ' ' : `\\${c}`));
  return `${mediaOf(what).media_type.startsWith('image/') ? '!' : ''}[${name}](<${url}>)`;
}

const escaped = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.codePointAt(0)};`);

function markup(what, url) {
  const { media_type: type, width, height } = mediaOf(what), name = escaped(nameOf(what)), source = escaped(url);
  const size = width && height ? ` width="${Number(width)}" height="${Number(height)}"` : '';
  if (type.startsWith('image/')) return `<img src="${source}"${size} alt="${name}">`;
  if (type.startsWith('video/')) return `<video src="${source}"${size} controls></video>`;
  if (type.startsWith('audio/')) return `<audio src="${source}" controls></audio>`;
  return `<a href="${source}">${name}</a>`;
}
