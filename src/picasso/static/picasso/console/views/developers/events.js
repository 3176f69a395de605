// What happens in the project as it happens, with the JSON of each event. Only so many are kept and shown, and drawn at
// most four times a second, so that a thousand at once do not hold up the page.

import { exactDate } from '../../core/format.js';
import { guard, html, nothing, render, repeat } from '../../core/html.js';
import { follow, onStatus, reconnect } from '../../core/live.js';
import { path as link } from '../../core/router.js';
import { can } from '../../core/session.js';
import { t, tn } from '../../core/words.js';
import { emptyState, problemState } from '../../parts/screen.js';
import { copyButton } from '../../parts/secret.js';
import { badge, pretty, said } from '../../parts/text.js';
import { Kept } from './kept.js';

const KEPT = 1000; // events
const SHOWN = 50; // rows, and so many more each time
const PAUSE = 250; // milliseconds between drawings

const FAMILIES = ['file.*', 'upload.*', 'import.*', 'job.*', 'webhook.*'];

mountEvents.title = () => t('Live events');

export function mountEvents(root, context) {
  const kept = new Kept(KEPT);
  const state = { type: context.query.get('type') ?? '', status: 'connecting', shown: SHOWN, open: new Set() };
  const stops = [];
  let timer;

  if (!can('events:read')) {
    render(html`${head()}${problemState({ status: 403, detail: t('This needs the right to follow events.') }, () => {})}`, root);
    return { update() {}, unmount() {} };
  }

  /** Soon, and once for all that arrives until then. */
  function later() {
    timer ??= setTimeout(() => { timer = undefined; draw(); }, PAUSE);
  }

  function draw() {
    const found = kept.matching(state.type), rows = found.slice(0, state.shown);
    render(html`
      ${head()}
      ${controls()}
      ${rows.length ? html`
        <ol class="events" aria-label=${t('Events, the newest first')}>
          ${repeat(rows, ({ seq }) => seq, row)}
        </ol>` : waiting()}
      ${found.length > rows.length ? html`
        <p class="more"><button class="button" type="button" @click=${more}>${t('Show more')}</button></p>` : nothing}`, root);
  }

  function controls() {
    return html`
      <div class="toolbar">
        ${connection(state.status)}
        <label class="soft small" for="event-type">${t('Type')}</label>
        <select id="event-type" @change=${({ target }) => choose(target.value)}>
          <option value="" ?selected=${!state.type}>${t('all')}</option>
          ${[...new Set([...FAMILIES, ...kept.types(), ...(state.type ? [state.type] : [])])].map((type) => html`
            <option value=${type} ?selected=${type === state.type}>${type}</option>`)}
        </select>
        <span class="spacer"></span>
        <button class="button" type="button" aria-pressed=${String(kept.paused)} @click=${pause}>${t('Pause')}</button>
        <button class="button" type="button" @click=${clear}>${t('Clear')}</button>
      </div>
      <p class="hint" role="status">${kept.paused
        ? tn('Paused. {n} new event waits.', 'Paused. {n} new events wait.', kept.waiting)
        : tn('{n} event is kept here, of at most {most}.', '{n} events are kept here, of at most {most}.', kept.size, { most: KEPT })}</p>`;
  }

  function waiting() {
    if (state.status === 'offline') {
      return html`<div class="state state-offline"><h2>${t('There is no connection')}</h2>
        <p>${t('Events that happen meanwhile arrive when it is back: none is lost.')}</p>
        <button class="button" type="button" @click=${reconnect}>${t('Connect now')}</button></div>`;
    }
    return emptyState(state.type ? t('Nothing of this type yet') : t('Nothing has happened yet'),
      t('Events appear here from now on: upload a file in another window to see some.'));
  }

  function row(event) {
    const isOpen = state.open.has(event.seq);
    return html`
      <li class="event">${guard([event, isOpen], () => html`
        <details ?open=${isOpen} @toggle=${(toggle) => toggled(event.seq, toggle.currentTarget.open)}>
          <summary><code class="event-type">${event.type}</code><span class="event-what">${said(event.data?.name ?? event.data?.id ?? '')}</span>
            <span class="hint number"><time datetime=${event.at}>${exactDate(event.at)}</time> · ${event.seq}</span></summary>
          ${isOpen ? json(event) : nothing}
        </details>`)}</li>`;
  }

  function toggled(seq, open) {
    if (open === state.open.has(seq)) return;
    state.open[open ? 'add' : 'delete'](seq);
    draw();
  }

  function choose(type) {
    Object.assign(state, { type, shown: SHOWN });
    context.navigate(`${link('developers/events/')}${type ? `?type=${encodeURIComponent(type)}` : ''}`, { replace: true });
    draw();
  }

  function pause() {
    kept.pause(!kept.paused);
    draw();
  }

  function clear() {
    kept.clear();
    state.open.clear();
    state.shown = SHOWN;
    draw();
  }

  function more() {
    state.shown += SHOWN;
    draw();
  }

  draw();
  stops.push(onStatus((status) => { state.status = status; later(); }));
  stops.push(follow('*', (event) => { if (event.type !== 'reset') { kept.add(event); later(); } }));
  return {
    update(next) {
      const type = next.query.get('type') ?? '';
      if (type !== state.type) { state.type = type; draw(); }
    },
    unmount() { clearTimeout(timer); timer = 0; stops.forEach((stop) => stop()); },
  };
}

const head = () => html`
  <nav class="trail" aria-label=${t('Where you are')}><a href=${link('developers/')}>${t('Developers')}</a></nav>
  <header class="view-head">
    <h1>${t('Live events')}</h1>
    <p class="hint">${t('The same events that the stream, the list and webhooks give.')} <code>GET events/</code></p>
  </header>`;

function connection(status) {
  const [kind, text] = { live: ['good', t('Live')], offline: ['bad', t('No connection')] }[status] ?? ['waiting', t('Connecting')];
  return badge(kind, text);
}

function json(event) {
  const text = pretty(event), id = event.type.startsWith('file.') ? event.data?.id : event.data?.file;
  return html`
    <div class="copied-text"><pre tabindex="0" aria-label="JSON">${text}</pre>${copyButton(text, 'JSON')}</div>
    ${id && event.type !== 'file.deleted' ? html`<p><a href=${link(`files/${id}`)}>${t('Show the file')}</a></p>` : nothing}`;
}
