// What the states of webhooks and deliveries mean, in words.

import { ago, date } from '../../core/format.js';
import { t, tn } from '../../core/words.js';

/** Whether a webhook works, and if not, why and what one can do. `kind` is that of a badge. */
export function stateOf(webhook) {
  if (!webhook.enabled) return disabled(webhook);
  if (!webhook.failures) return { kind: 'good', label: t('Active'), text: t('Events are sent as they happen.') };
  const paused = webhook.resume_at && new Date(webhook.resume_at) > new Date();
  const failed = tn('The last attempt has failed.', 'The last {n} attempts have failed.', webhook.failures);
  const since = webhook.failing_since ? ` ${t('It has been failing since {time}.', { time: date(webhook.failing_since) })}` : '';
  const next = paused
    ? ` ${t('The next attempt is not before {time}; “Send a test” makes one at once.', { time: date(webhook.resume_at) })}`
    : ` ${t('Messages are sent one at a time until one arrives.')}`;
  return {
    kind: 'waiting',
    label: paused ? t('Paused: it fails') : t('Failing'),
    text: `${failed}${since}${next} ${t('After a week of failures it is disabled.')}`,
  };
}

function disabled({ disabled_reason: reason, disabled_at: at }) {
  const time = at ? date(at) : '';
  const found = {
    requested: { kind: 'quiet', label: t('Disabled'), text: t('Somebody disabled it on {time}.', { time }) },
    gone: { kind: 'bad', label: t('Disabled: gone'), text: t('Its receiver answered 410 (gone) on {time}. Enable it when the receiver is back.', { time }) },
    failing: { kind: 'bad', label: t('Disabled: it failed'), text: t('For a week nothing could be delivered, so it was disabled on {time}. Mend the receiver, then enable it: what is still due is sent.', { time }) },
  };
  return found[reason] ?? { kind: 'quiet', label: t('Disabled'), text: '' };
}

export const STATES = ['waiting', 'delivered', 'failed'];

export const nameOfState = (state) => ({ waiting: t('Waiting'), delivered: t('Delivered'), failed: t('Failed') })[state] ?? state;

export const kindOfState = (state) => ({ waiting: 'waiting', delivered: 'good', failed: 'bad' })[state] ?? 'quiet';

/** How an attempt ended, in a few words; without an answer the code of the error. */
export function outcomeOf({ status, error }) {
  if (status) return status < 300 ? t('answered {status}', { status }) : t('refused with {status}', { status });
  return error || t('no answer');
}

/** The codes that only deliveries have. All others are among the error codes. */
export const OWN_CODES = new Set(['event-removed', 'secret-unreadable', 'webhook-disabled']);

/** What a delivery waits for, or how it ended. */
export function progressOf(delivery) {
  const tries = delivery.attempts.length;
  if (delivery.state === 'waiting') {
    if (!tries || new Date(delivery.next_attempt_at) <= new Date()) return t('It is sent as soon as it is its turn.');
    return t('The next attempt: {time}.', { time: ago(delivery.next_attempt_at) });
  }
  return tn('After {n} attempt.', 'After {n} attempts.', tries);
}
