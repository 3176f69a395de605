// A mail: who, to whom, when; its text; the names of what is attached.

import { html, render } from '../../../core/html.js';
import { date, visible } from '../../../core/format.js';
import { t } from '../../../core/words.js';
import { derivative } from '../addresses.js';
import { mountText } from './document.js';

export function mount(host, file, { signal }) {
  const facts = file.facts.document ?? {};
  render(html`
    <article class="mail">
      <header>
        <h2 class="mail-subject"><bdi>${visible(facts.subject ?? facts.title ?? '') || t('No subject')}</bdi></h2>
        <dl class="mail-fields">
          ${field(t('From'), facts.from)} ${field(t('To'), facts.to)} ${field(t('Cc'), facts.cc)}
          ${field(t('Date'), facts.date && date(facts.date))}
        </dl>
      </header>
      <div class="text-host">${derivative(file, 'text') ? '' : html`<p class="viewer-note">${t('There is no text in it.')}</p>`}</div>
      ${attachments(facts)}
    </article>`, host);
  return derivative(file, 'text') ? mountText(host.querySelector('.text-host'), file, signal, withoutFields) : { update() {}, unmount() {} };
}

/** The text begins with the fields that stand above it. */
function withoutFields(lines) {
  const end = lines.findIndex((line) => !/^(subject|from|to|cc|bcc|date|reply-to):/i.test(line));
  return end > 0 && lines[end].trim() === '' ? lines.slice(end + 1) : lines;
}

function field(label, value) {
  const texts = [value ?? []].flat().filter(Boolean);
  return texts.length ? html`<dt>${label}</dt><dd>${texts.map((text, place) => html`${place ? ', ' : ''}<bdi>${visible(text)}</bdi>`)}</dd>` : '';
}

function attachments({ attachments: count, attachment_names: names = [] }) {
  if (!count) return '';
  return html`
    <section class="attachments">
      <h3>${t('Attachments')}</h3>
      <ul>${names.map((name) => html`<li><bdi>${visible(name)}</bdi></li>`)}
        ${count > names.length ? html`<li>${t('{n} without a name', { n: count - names.length })}</li>` : ''}</ul>
    </section>`;
}
