import type { AlertEvent } from '../../contract/alerts.ts';
import { linkTo } from './link-to.ts';

/** Of what changed in that time; the page has the rest. */
const changesMax = 20;

/** `alert.firing`, `budget.threshold`: what a receiver may choose by. */
export type WebhookType = `${'alert' | 'budget'}.${string}`;

/**
 * An event as a generic webhook sends it: JSON as Standard Webhooks recommends it, with a type, the time of the event and its data.
 * The same event gives the same text, so that a repetition is equal to the byte.
 */
export function webhookBody(event: AlertEvent, { publicUrl }: { publicUrl: string }): string {
  const { channelIds: _, links, changes, ...data } = event;
  return JSON.stringify({
    type: webhookType(event),
    timestamp: new Date(event.atMs).toISOString(),
    data: {
      ...data,
      changes: changes.slice(0, changesMax),
      links: links.map(({ label, path }) => ({ label, url: linkTo(publicUrl, path) })),
    },
  });
}

export function webhookType({ source, to, isTest }: AlertEvent): WebhookType {
  if (isTest) return `${source === 'budget' ? 'budget' : 'alert'}.test`;
  if (source === 'budget') return to === 'firing' ? 'budget.threshold' : `budget.${to}`;
  return `alert.${to}`;
}
