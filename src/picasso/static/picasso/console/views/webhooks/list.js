// The webhooks of the project.

import { middle, visible } from '../../core/format.js';
import { html, nothing, repeat } from '../../core/html.js';
import { path as link } from '../../core/router.js';
import { can } from '../../core/session.js';
import { t } from '../../core/words.js';
import { firstPage, moreButton } from '../../parts/pages.js';
import { emptyState, screen } from '../../parts/screen.js';
import { badge, said } from '../../parts/text.js';
import { createWebhook } from './forms.js';
import { stateOf } from './states.js';

export function mountList(root, context) {
  const view = screen(root, { load: (signal) => firstPage('webhooks/', { page_size: 100 }, signal), head, body });
  const add = () => createWebhook().then((made) => made && context.navigate(link(`webhooks/${made.id}`)));

  function head() {
    return html`
      <header class="view-head">
        <h1>${t('Webhooks')}</h1>
        <p class="hint">${t('Addresses of your applications that are told of events as soon as they happen.')}</p>
        ${can('webhooks:write') ? html`<button class="button primary" type="button" @click=${add}>${t('New webhook')}</button>` : nothing}
      </header>`;
  }

  function body(pages) {
    if (!pages.rows.length) {
      return emptyState(t('There are no webhooks yet'),
        t('Without one your application has to ask whether a file is ready. A webhook tells it.'));
    }
    return html`
      <ul class="entries">${repeat(pages.rows, ({ id }) => id, row)}</ul>
      ${moreButton(pages, view.draw)}`;
  }

  view.reload();
  return { update() {}, unmount: view.stop };
}

function row(webhook) {
  const { kind, label, text } = stateOf(webhook);
  return html`
    <li class="entry card">
      <a class="entry-name" href=${link(`webhooks/${webhook.id}`)}><bdi title=${visible(webhook.url)}>${visible(middle(webhook.url, 80))}</bdi></a>
      ${badge(kind, label)}
      ${webhook.description ? html`<p class="entry-text">${said(webhook.description)}</p>` : nothing}
      <p class="hint">${webhook.types.map((type) => html`<code class="chip">${type}</code> `)}</p>
      ${kind === 'good' ? nothing : html`<p class="entry-text">${text}</p>`}
    </li>`;
}
