// One webhook: what it gets, why it is paused, and its deliveries.

import { api } from '../../core/api.js';
import { confirm } from '../../core/dialogs.js';
import { visible } from '../../core/format.js';
import { html, nothing } from '../../core/html.js';
import { path as link } from '../../core/router.js';
import { toast } from '../../core/toasts.js';
import { t } from '../../core/words.js';
import { attempt } from '../../parts/attempt.js';
import { screen } from '../../parts/screen.js';
import { badge, exactly, facts, said } from '../../parts/text.js';
import { deliveriesOf } from './deliveries.js';
import { editWebhook, rotateSecret } from './forms.js';
import { stateOf } from './states.js';

export function mountWebhook(root, context) {
  const id = context.params.id;
  const address = `webhooks/${id}/`;
  const deliveries = deliveriesOf(id, { draw: () => view.draw(), changed: () => view.reload(), context });
  const view = screen(root, { load: (signal) => api(address, { signal }), head, body });

  function head() {
    return html`
      <nav class="trail" aria-label=${t('Where you are')}><a href=${link('webhooks/')}>${t('Webhooks')}</a></nav>
      ${view.data ? nothing : html`<h1 class="sr-only">${t('Webhook')}</h1>`}`;
  }

  function body(webhook) {
    return html`
      <header class="view-head">
        <h1 class="address">${said(webhook.url)}</h1>
        ${webhook.description ? html`<p>${said(webhook.description)}</p>` : nothing}
        ${actions(webhook)}
      </header>
      ${about(webhook)}
      ${deliveries.body(webhook)}`;
  }

  function actions(webhook) {
    return html`
      <div class="toolbar">
        <button class="button primary" type="button" ?disabled=${!webhook.enabled} @click=${() => attempt(test)}>${t('Send a test')}</button>
        <button class="button" type="button" @click=${() => edit(editWebhook, webhook)}>${t('Edit')}</button>
        <button class="button" type="button" @click=${() => edit(rotateSecret, webhook)}>${t('New secret')}</button>
        <button class="button" type="button" @click=${() => attempt(() => enable(!webhook.enabled))}>${webhook.enabled ? t('Disable') : t('Enable')}</button>
        <button class="button danger" type="button" @click=${() => attempt(() => remove(webhook))}>${t('Delete')}</button>
      </div>`;
  }

  async function edit(dialog, webhook) {
    if (await dialog(webhook)) view.reload();
  }

  async function test() {
    await api(`${address}test/`, { method: 'POST' });
    toast(t('A test message is on its way.'));
    await Promise.all([deliveries.reload(), view.reload()]);
  }

  async function enable(enabled) {
    view.data = await api(address, { method: 'PATCH', body: { enabled } });
    await deliveries.reload();
  }

  async function remove(webhook) {
    if (await removed(webhook)) context.navigate(link('webhooks/'));
  }

  view.reload();
  deliveries.reload();
  return {
    update: (next) => deliveries.update(next),
    unmount() { deliveries.stop(); view.stop(); },
  };
}

/** Whether it is deleted, after a question. */
async function removed({ id, url }) {
  const sure = await confirm({
    title: t('Delete this webhook?'),
    text: t('{address} is not told any more. The list of its deliveries is deleted, and what was not sent is not sent.', { address: visible(url) }),
    action: t('Delete'),
    danger: true,
  });
  if (sure) await api(`webhooks/${id}/`, { method: 'DELETE' });
  return sure;
}

function about(webhook) {
  const { kind, label, text } = stateOf(webhook);
  const some = (values) => values.length ? values.map((value, at) => html`${at ? ', ' : ''}${said(value)}`) : nothing;
  return html`
    <section class="card about">
      <p class="condition">${badge(kind, label)} <span>${text}</span></p>
      ${facts([
        [t('Events'), webhook.types.map((type) => html`<code class="chip">${type}</code> `)],
        [t('Messages have'), webhook.payload === 'full' ? t('the event and the file') : t('the event')],
        [t('Types'), some(webhook.media_types)],
        [t('Pipelines'), some(webhook.pipelines)],
        [t('Owners'), some(webhook.owners)],
        [t('Created'), exactly(webhook.created_at)],
      ])}
    </section>`;
}
