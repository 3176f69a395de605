// Projects: which there are, and one with its usage and settings. `?project=` names it.

import { api } from '../../core/api.js';
import { visible } from '../../core/format.js';
import { html, nothing } from '../../core/html.js';
import { path as link } from '../../core/router.js';
import { can, me } from '../../core/session.js';
import { t } from '../../core/words.js';
import { firstPage, moreButton } from '../../parts/pages.js';
import { screen } from '../../parts/screen.js';
import { said } from '../../parts/text.js';
import { createProject } from './forms.js';
import { settingsOf } from './settings.js';

export const title = 'Projects';

/** @param {HTMLElement} root */
export function mount(root, context) {
  const state = { wanted: context.query.get('project') ?? '' };

  async function load(signal) {
    const pages = await firstPage('projects/', { page_size: 100 }, signal);
    const name = nameOf(pages);
    const project = pages.rows.find((each) => each.name === name) ?? await api(`projects/${encodeURIComponent(name)}/`, { signal });
    return { pages, project, usage: await usageOf(name, signal) };
  }

  const nameOf = ({ rows }) => state.wanted || (rows.some(({ name }) => name === me.project) ? me.project : rows[0]?.name);

  async function add() {
    const made = await createProject();
    if (made) context.navigate(address(made.name));
  }

  const head = () => html`
    <header class="view-head">
      <h1>${t('Projects')}</h1>
      <p class="hint">${t('A project has its own files, keys, people and limits, and sees nothing of others.')}</p>
      ${can('service:admin') ? html`<button class="button primary" type="button" @click=${add}>${t('New project')}</button>` : nothing}
    </header>`;

  const body = ({ pages, project, usage }) => html`
    ${pages.rows.length > 1 ? tabs(pages, project) : nothing}
    <h2 class="project-name">${said(project.name)}</h2>
    ${settingsOf(project, usage, { reload: view.reload, leave: () => context.navigate(link('projects/')) })}`;

  const tabs = (pages, { name }) => html`
    <nav class="tabs" aria-label=${t('Projects')}>
      ${pages.rows.map((each) => html`<a href=${address(each.name)} aria-current=${each.name === name ? 'page' : nothing}>${visible(each.name)}</a>`)}
    </nav>
    ${moreButton(pages, view.draw)}`;

  const view = screen(root, { load, head, body });
  view.reload();
  return {
    update(next) { state.wanted = next.query.get('project') ?? ''; view.reload(); },
    unmount: view.stop,
  };
}

const address = (name) => `${link('projects/')}?project=${encodeURIComponent(name)}`;

/** What a project stores; null where the session may not ask. */
async function usageOf(name, signal) {
  const headers = name === me.project ? {} : { 'Picasso-Project': name };
  try {
    return can('files:read') ? await api('usage/', { headers, signal }) : null;
  } catch (problem) {
    if (problem.name === 'AbortError') throw problem;
    return null;
  }
}
