// The docked tray: all uploads of this window, on every view.

import { html, icon, nothing, render, repeat } from '../core/html.js';
import { number, percent } from '../core/format.js';
import { describe, pressIn } from '../core/keyboard.js';
import { t, tn } from '../core/words.js';
import { Announcements } from './announcements.js';
import { adding } from './adding.js';
import { folded } from './folding.js';
import { remaining, speedOf } from './notes.js';
import { loadPipelines } from './options.js';
import { rowOf } from './row.js';
import { canRetry } from './refusals.js';
import { showInTitle } from './title.js';
import { secondsLeft, shareOf, totalsOf } from './totals.js';

/** @type {import('../core/keyboard.js').Keys<Tray>[]} */
const KEYS = [{ label: () => t('Close the tray'), keys: { Escape: (tray) => tray.hide() } }];

const PACE = 100, PACE_OF_MANY = 400; // milliseconds between two drawings: many small files need the processor for themselves
const MANY = 50;
const SLOWEST = 1500; // milliseconds
const SHARE = 40; // so many times longer than it took is the pause after a drawing: the browser has as much to do again
const SECOND = 1000; // countdowns and missing progress have no events

export class Tray {
  open = false;
  #root; #queue; #picker; #perform; #due; #clock;
  #took = 0; // milliseconds of the last drawing
  #announcements = new Announcements();

  /**
   * @param {HTMLElement} root
   * @param {import('./queue.js').Queue} queue
   * @param {import('./picker.js').Picker} picker
   * @param {(verb: string, item: import('./item.js').Item) => void} perform what a button of a row does
   */
  constructor(root, queue, picker, perform) {
    this.#root = root;
    this.#queue = queue;
    this.#picker = picker;
    this.#perform = perform;
    queue.addEventListener('change', () => this.#schedule());
    queue.addEventListener('added', ({ detail }) => this.#began(detail));
    for (const event of ['online', 'offline']) addEventListener(event, () => this.draw());
    describe(t('Uploads'), KEYS, true);
    this.draw();
  }

  /** Show the tray, ready to choose files. */
  show() {
    this.open = true;
    loadPipelines().then(() => this.draw());
    this.draw();
    this.#root.querySelector('.dock-body button')?.focus();
  }

  #began(count) {
    this.open = true;
    loadPipelines().then(() => this.draw());
    this.#announcements.began(count);
  }

  /* ---- Drawing ---- */

  /** A timer, since a hidden page draws no frames but has a title. */
  #schedule() {
    const pace = this.#queue.items.length > MANY ? PACE_OF_MANY : PACE;
    this.#due ??= setTimeout(() => this.draw(), Math.max(pace, Math.min(SHARE * this.#took, SLOWEST)));
  }

  draw() {
    clearTimeout(this.#due);
    this.#due = undefined;
    const began = performance.now(), totals = totalsOf(this.#queue.items);
    this.#announcements.changed(totals);
    showInTitle(totals.busy ? shareOf(totals) : null);
    this.#tick(totals.busy);
    const keepFocus = this.#focusKept();
    render(this.#tray(totals), this.#root);
    keepFocus();
    this.#took = performance.now() - began;
  }

  #tick(isNeeded) {
    if (Boolean(isNeeded) === Boolean(this.#clock)) return;
    clearInterval(this.#clock);
    this.#clock = isNeeded ? setInterval(() => this.draw(), SECOND) : undefined;
  }

  #tray(totals) {
    const state = totals.failed ? 'failed' : totals.lost ? 'lost' : totals.busy ? 'busy' : 'idle';
    return html`
      <section class="dock" aria-label=${t('Uploads')} data-state=${state} ?data-open=${this.open} ?data-empty=${!totals.all && !totals.waiting} @keydown=${(event) => pressIn(event, KEYS, this)}>
        <div class="dock-head">
          <button class="dock-toggle" type="button" aria-expanded=${this.open} aria-controls="dock-body" @click=${() => this.#toggle()}>
            ${icon('upload')}
            <span class="dock-title">${titleOf(totals)}</span>
            ${icon('down')}
          </button>
          ${this.#buttons(totals)}
        </div>
        ${totals.busy ? this.#bar(totals) : nothing}
        <div class="dock-body" id="dock-body" ?hidden=${!this.open}>${this.open ? this.#body() : nothing}</div>
      </section>`;
  }

  #bar(totals) {
    return html`<div class="dock-total">
      <progress max="1" .value=${shareOf(totals)} aria-label=${t('All uploads')}></progress>
      <span class="dock-pace">${paceOf(totals)}</span>
    </div>`;
  }

  #buttons({ busy }) {
    const items = this.#queue.items, again = items.some((item) => item.failed && canRetry(item.trouble));
    const isPaused = items.some(({ state }) => state === 'paused');
    const button = (name, label, run) => html`<button class="button" type="button" data-action=${name} @click=${() => this.#do(run)}>${label}</button>`;
    return html`<span class="dock-actions">
      ${again ? button('retry-failed', t('Retry failed'), () => this.#queue.retryFailed()) : nothing}
      ${busy || isPaused ? button('cancel-all', t('Cancel all'), () => this.#queue.cancelAll()) : nothing}
      ${!busy && !isPaused && this.#queue.hasEnded ? button('clear', t('Clear'), () => this.#queue.clear()) : nothing}
    </span>`;
  }

  #body() {
    const { shown, hidden } = folded(this.#queue.items);
    return html`
      ${adding(this.#picker, () => this.draw())}
      ${shown.length ? html`<ul class="uploads" aria-label=${t('Uploads of this window')} tabindex="-1">
        ${repeat(shown, ({ id }) => id, (item) => rowOf(item, (verb, each) => this.#act(verb, each)))}
      </ul>` : nothing}
      ${moreOf(hidden)}`;
  }

  /* ---- What the user does ---- */

  #toggle() {
    if (this.open) this.open = false;
    else this.show();
    this.draw();
  }

  /** False if it is hidden already. */
  hide() {
    if (!this.open) return false;
    this.#toggle();
    return true;
  }

  #do(run) {
    run();
    this.draw();
  }

  #act(verb, item) {
    this.#perform(verb, item);
    this.draw();
  }

  /** Gives a function for after the drawing: a button that is gone must not take the focus with it. */
  #focusKept() {
    const focused = document.activeElement;
    if (!this.#root.contains(focused)) return () => {};
    const row = focused.closest('.upload'), beside = row?.nextElementSibling ?? row?.previousElementSibling;
    return () => {
      if (document.activeElement === focused && focused.checkVisibility()) return;
      if (focused.isConnected && focused.checkVisibility()) return focused.focus(); // a row that moves loses it
      const target = [row, beside].map((each) => each?.isConnected && each.querySelector('button, a')).find(Boolean);
      const others = [this.#root.querySelector('.dock-toggle'), document.querySelector('#view [data-action=upload]'), document.querySelector('.sidebar [data-shell=uploads]')];
      (target ?? others.find((each) => each?.checkVisibility()))?.focus();
    };
  }
}

function titleOf({ all, busy, done, failed, waiting }) {
  if (!all) return waiting ? tn('{n} unfinished upload', '{n} unfinished uploads', waiting) : t('Upload');
  const count = busy || done < all ? t('{done} of {all}', { done: number(done), all: number(all) }) : tn('{n} file uploaded', '{n} files uploaded', all);
  return [count, failed && tn('{n} failed', '{n} failed', failed)].filter(Boolean).join(' · ');
}

function paceOf(totals) {
  const seconds = secondsLeft(totals), share = percent(Math.floor(shareOf(totals) * 100) / 100);
  if (totals.lost === totals.busy) return navigator.onLine ? share : `${share} · ${t('Offline; continues by itself')}`;
  return [share, totals.speed >= 1 && speedOf(totals.speed), seconds && remaining(seconds)].filter(Boolean).join(' · ');
}

function moreOf({ queued, done, waiting }) {
  const words = [
    queued && tn('{n} more queued', '{n} more queued', queued),
    waiting && tn('{n} more need an answer', '{n} more need an answer', waiting),
    done && tn('{n} more uploaded', '{n} more uploaded', done),
  ].filter(Boolean);
  return words.length ? html`<p class="dock-more">${words.join(' · ')}</p>` : nothing;
}
