// One project: usage against its quotas, and its settings in groups, each changed in a dialog.

import { bytes, number, percent } from '../../core/format.js';
import { html, nothing } from '../../core/html.js';
import { can } from '../../core/session.js';
import { t, tn } from '../../core/words.js';
import { attempt } from '../../parts/attempt.js';
import { exactly, facts, pretty, said } from '../../parts/text.js';
import { deleteProject, editAccess, editJson, editKeeping, editQuotas, webhookSecret } from './forms.js';

/** @param {{reload: () => unknown, leave: () => unknown}} done */
export function settingsOf(project, usage, { reload, leave }) {
  const edit = (dialog, ...more) => async () => { if (await dialog(project, ...more)) reload(); };
  return html`
    <div class="stack">
      ${quotas(project, usage, edit)}
      ${keeping(project, edit)}
      ${access(project, edit)}
      ${rules(project, edit)}
      ${danger(project, leave)}
    </div>`;
}

const section = (title, body, actions = nothing) => html`
  <section class="card"><h3>${title}</h3>${body}${actions === nothing ? nothing : html`<div class="toolbar">${actions}</div>`}</section>`;

const button = (label, run, more = '') => html`<button class="button ${more}" type="button" @click=${run}>${label}</button>`;

/* ---- Usage ---- */

function quotas(project, usage, edit) {
  const limits = project.quotas;
  return section(t('Usage and quotas'), html`
    <div class="meters">
      ${meter(t('Stored'), usage?.bytes, limits.bytes, bytes)}
      ${meter(t('Files'), usage?.files, limits.files, number)}
      ${meter(t('Uploaded today (UTC)'), usage?.bytes_today, limits.bytes_per_day, bytes)}
      ${meter(t('Unfinished uploads'), usage?.unfinished_bytes, limits.unfinished_bytes, bytes)}
      ${meter(t('Uploads at once'), usage?.concurrent_uploads, limits.concurrent_uploads, number)}
    </div>
    <p class="hint">${t('Derivatives do not count; what is in the trash does.')}</p>`,
  can('service:admin') ? button(t('Change quotas'), edit(editQuotas)) : html`<span class="hint">${t('Quotas are set by the administrators of the service.')}</span>`);
}

function meter(label, used, limit, unit) {
  if (used == null && limit == null) return nothing;
  const share = limit ? Math.min(1, (used ?? 0) / limit) : null;
  const text = limit == null ? unit(used ?? 0) : t('{used} of {limit}', { used: unit(used ?? 0), limit: unit(limit) });
  return html`
    <div class="meter ${share >= 0.9 ? 'full' : ''}">
      <span class="meter-label">${label}</span><span class="number">${text}${share == null ? nothing : html` · ${percent(share)}`}</span>
      ${share == null ? html`<span class="hint">${t('no limit')}</span>` : html`<progress max="1" .value=${share} aria-label="${label}: ${text}"></progress>`}
    </div>`;
}

/* ---- Settings ---- */

function keeping(project, edit) {
  return section(t('Keeping files'), facts([
    [t('Visibility of new files'), project.visibility === 'public' ? t('public: whoever has the address may fetch them') : t('private')],
    [t('Files are kept'), project.retention_days == null ? t('for ever') : tn('{n} day', '{n} days', project.retention_days)],
    [t('Trash'), project.trash_days ? tn('deleted files can be restored for {n} day', 'deleted files can be restored for {n} days', project.trash_days) : t('none: deleted files are gone at once')],
    [t('Created'), exactly(project.created_at)],
  ]), button(t('Change'), edit(editKeeping)));
}

function access(project, edit) {
  const list = (values, none) => values.length ? html`<ul class="values">${values.map((value) => html`<li><code>${said(value)}</code></li>`)}</ul>` : none;
  return section(t('Pages, pipelines, webhooks'), facts([
    [t('Pages of these origins may use the API'), list(project.cors_origins, t('only those of the service itself'))],
    [t('Pipelines'), project.pipelines ? list(project.pipelines, t('none')) : t('all')],
    [t('Hosts that webhooks of uploads may have'), list(project.webhook_hosts, t('none'))],
  ]), html`
    ${button(t('Change'), edit(editAccess))}
    ${button(t('New secret for webhooks of uploads'), () => attempt(() => webhookSecret(project)))}`);
}

const RULES = () => [
  ['policy', t('Which files are accepted')],
  ['owner_quotas', t('Quotas of each owner')],
  ['imports', t('Imports from addresses')],
  ['rates', t('Rates of requests')],
  ['scan', t('Scan for malware')],
];

const OF_SERVICE = new Set(['rates', 'scan']);

function rules(project, edit) {
  return section(t('Rules'), html`
    ${RULES().map(([name, label]) => html`
      <div class="rule">
        <h4>${label} <code class="soft">${name}</code></h4>
        ${Object.keys(project[name] ?? {}).length ? html`<pre tabindex="0" aria-label=${label}>${pretty(project[name], 8000)}</pre>` : html`<p class="soft">${t('none')}</p>`}
        ${OF_SERVICE.has(name) && !can('service:admin') ? nothing : button(t('Change'), edit(editJson, name, label), 'small')}
      </div>`)}`);
}

function danger(project, leave) {
  if (!can('service:admin') || project.name === 'default') return nothing;
  return section(t('Delete the project'), html`<p>${t('Only a project without files and unfinished uploads can be deleted. Its keys end.')}</p>`,
    button(t('Delete the project'), () => attempt(async () => { if (await deleteProject(project)) leave(); }), 'danger'));
}
