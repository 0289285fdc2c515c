import type { ChannelTestReply, Delivery, DeliveryState } from '../../api/channels.ts';
import { countOf } from '../../components/format.ts';
import type { StateTone } from './state-words.ts';

/** The word and the colour of a delivery's state. */
export const deliveryWords: Readonly<Record<DeliveryState, { text: string; tone: StateTone; title: string }>> = {
  pending: { text: 'waiting', tone: 'plain', title: 'It is sent in a moment' },
  sending: { text: 'sending', tone: 'accent', title: 'A server sends it now' },
  delivered: { text: 'delivered', tone: 'ok', title: 'The receiver has taken it' },
  failed: { text: 'failed', tone: 'warning', title: 'It is tried again' },
  dead: { text: 'dead letter', tone: 'danger', title: 'It is not tried again unless somebody asks' },
};

/** Why the last try did not work; null where it did, or none was made. */
export function lastError({ attempts, state }: Delivery): string | null {
  const last = attempts.at(-1);
  if (last === undefined || state === 'delivered' || last.result === 'delivered') return null;
  const reason = last.message.trim();
  if (last.result === 'unknown') return `No answer came; the receiver may have it. ${reason}`.trim();
  return reason === '' ? 'It was not reached.' : `${reason.charAt(0).toUpperCase()}${reason.slice(1)}`;
}

/** `1 of 12 tries`, `no try yet`. */
export function countTries({ attempts, attemptsMax, state }: Delivery): string {
  if (attempts.length === 0) return 'no try yet';
  return state === 'delivered'
    ? countOf(attempts.length, 'try', 'tries')
    : `${attempts.length} of ${attemptsMax} tries`;
}

/** Whether somebody may ask for another try; instead of a test another one is sent. */
export function mayRetry({ state, isTest }: Delivery): boolean {
  return !isTest && (state === 'failed' || state === 'dead');
}

/** What came of a test, as a sentence. */
export function describeTest({ outcome }: ChannelTestReply): { text: string; isGood: boolean } {
  const { status, message, durationMs } = outcome;
  if (status === 'delivered') return { text: `The test message was taken after ${durationMs} ms.`, isGood: true };
  return { text: `The test message was not taken: ${message}`, isGood: false };
}
