import { z } from 'zod';
import { type Channel, channelTypes } from '../../contract/channels.ts';

/** What the row of a channel holds. */
export const channelBody = z.object({
  name: z.string(),
  type: z.enum(channelTypes),
  url: z.string(),
  /** `whsec_…` of a webhook. */
  secret: z.string().nullable(),
  /** The secret before it also signs for a while, so that a receiver can change to the new one without losing anything. */
  oldSecret: z.object({ secret: z.string(), untilMs: z.number() }).nullable(),
  isEnabled: z.boolean(),
});
export type ChannelBody = z.infer<typeof channelBody>;

export interface StoredChannel extends ChannelBody {
  projectId: string;
  channelId: string;
  version: number;
  updatedAtMs: number;
  updatedBy: string;
}

/** Letters at the end by which a person knows an address again; only of one that stays secret without them. */
const shownLength = 4;
const secretLengthMin = 16;

/** How long an old secret goes on signing. */
export const oldSecretMs = 24 * 3_600_000;

/** The secrets that sign now, the newest first. */
export function secretsInForce({ secret, oldSecret }: ChannelBody, nowMs: number): string[] {
  if (secret === null) return [];
  return oldSecret !== null && oldSecret.untilMs > nowMs ? [secret, oldSecret.secret] : [secret];
}

export function showChannel(stored: StoredChannel): Channel {
  const { channelId, name, type, url, secret, isEnabled, version, updatedAtMs, updatedBy } = stored;
  return {
    ...{ channelId, name, type, isEnabled, version, updatedBy },
    url: maskUrl(url),
    hasSecret: secret !== null,
    updatedAt: new Date(updatedAtMs).toISOString(),
  };
}

/** The host, and the last letters of a long path: `https://hooks.slack.com/…x4Zq`. Who has the whole address can post. */
export function maskUrl(url: string): string {
  const { origin, pathname, search } = new URL(url);
  const rest = `${pathname}${search}`;
  if (rest === '/') return `${origin}/`;
  return `${origin}/…${rest.length >= secretLengthMin ? rest.slice(-shownLength) : ''}`;
}
