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
  if (can('events:read')) return new Events(root, context).mounted();
  render(html`${head()}${problemState({ status: 403, detail: t('This needs the right to follow events.') }, () => {})}`, root);
  return { update() {}, unmount() {} };
}

class Events {
  kept = new Kept(KEPT);
  status = 'connecting';
  shown = SHOWN;
  open = new Set(); // the numbers of those whose JSON is shown

  constructor(root, context) {
    this.root = root;
    this.navigate = context.navigate;
    this.type = typeOf(context);
  }

  /** What the router uses. */
  mounted() {
    this.draw();
    const stops = [
      onStatus((status) => { this.status = status; this.drawSoon(); }),
      follow('*', (event) => { if (event.type !== 'reset') { this.kept.add(event); this.drawSoon(); } }),
    ];
    return {
      update: (next) => { if (typeOf(next) !== this.type) { this.type = typeOf(next); this.draw(); } },
      unmount: () => { clearTimeout(this.timer); this.timer = 0; stops.forEach((stop) => stop()); },
    };
  }

  /** Once for all that arrives until then. */
  drawSoon() {
    this.timer ??= setTimeout(() => { this.timer = undefined; this.draw(); }, PAUSE);
  }

  draw() {
    const found = this.kept.matching(this.type), rows = found.slice(0, this.shown);
    render(html`
      ${head()}
      ${toolbar(this)}
      ${rows.length ? html`
        <ol class="events" aria-label=${t('Events, the newest first')}>
          ${repeat(rows, ({ seq }) => seq, (event) => row(event, this))}
        </ol>` : waiting(this)}
      ${found.length > rows.length ? html`
        <p class="more"><button class="button" type="button" @click=${() => this.showMore()}>${t('Show more')}</button></p>` : nothing}`, this.root);
  }

  toggled(seq, isOpen) {
    if (isOpen === this.open.has(seq)) return;
    this.open[isOpen ? 'add' : 'delete'](seq);
    this.draw();
  }

  choose(type) {
    Object.assign(this, { type, shown: SHOWN });
    this.navigate(`${link('developers/events/')}${type ? `?type=${encodeURIComponent(type)}` : ''}`, { replace: true });
    this.draw();
  }

  pause() {
    this.kept.pause(!this.kept.paused);
    this.draw();
  }

  clear() {
    this.kept.clear();
    this.open.clear();
    this.shown = SHOWN;
    this.draw();
  }

  showMore() {
    this.shown += SHOWN;
    this.draw();
  }
}

const typeOf = ({ query }) => query.get('type') ?? '';

/** @param {Events} events */
function toolbar(events) {
  const { kept, type: chosen } = events;
  return html`
    <div class="toolbar">
      ${connection(events.status)}
      <label class="soft small" for="event-type">${t('Type')}</label>
      <select id="event-type" @change=${({ target }) => events.choose(target.value)}>
        <option value="" ?selected=${!chosen}>${t('all')}</option>
        ${[...new Set([...FAMILIES, ...kept.types(), ...(chosen ? [chosen] : [])])].map((type) => html`
          <option value=${type} ?selected=${type === chosen}>${type}</option>`)}
      </select>
      <span class="spacer"></span>
      <button class="button" type="button" aria-pressed=${String(kept.paused)} @click=${() => events.pause()}>${t('Pause')}</button>
      <button class="button" type="button" @click=${() => events.clear()}>${t('Clear')}</button>
    </div>
    <p class="hint" role="status">${kept.paused
      ? tn('Paused. {n} new event waits.', 'Paused. {n} new events wait.', kept.waiting)
      : tn('{n} event is kept here, of at most {most}.', '{n} events are kept here, of at most {most}.', kept.size, { most: KEPT })}</p>`;
}

/** @param {Events} events */
function waiting({ status, type }) {
  if (status === 'offline') {
    return html`<div class="state state-offline"><h2>${t('There is no connection')}</h2>
      <p>${t('Events that happen meanwhile arrive when it is back: none is lost.')}</p>
      <button class="button" type="button" @click=${reconnect}>${t('Connect now')}</button></div>`;
  }
  return emptyState(type ? t('Nothing of this type yet') : t('Nothing has happened yet'),
    t('Events appear here from now on: upload a file in another window to see some.'));
}

/** @param {Events} events */
function row(event, events) {
  const isOpen = events.open.has(event.seq);
  return html`
    <li class="event">${guard([event, isOpen], () => html`
      <details ?open=${isOpen} @toggle=${(toggle) => events.toggled(event.seq, toggle.currentTarget.open)}>
        <summary><code class="event-type">${event.type}</code><span class="event-what">${said(event.data?.name ?? event.data?.id ?? '')}</span>
          <span class="hint number"><time datetime=${event.at}>${exactDate(event.at)}</time> · ${event.seq}</span></summary>
        ${isOpen ? json(event) : nothing}
      </details>`)}</li>`;
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
  const text = pretty(event), id = event.data?.id; // that of a file, in all events
  return html`
    <div class="copied-text"><pre tabindex="0" aria-label="JSON">${text}</pre>${copyButton(text, 'JSON')}</div>
    ${id && event.type !== 'file.deleted' ? html`<p><a href=${link(`files/${id}`)}>${t('Show the file')}</a></p>` : nothing}`;
}
