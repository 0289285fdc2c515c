import { hash as digest } from 'node:crypto';
import type { MessageRow } from '../../migrations/schema.ts';
import type { Json } from '../lossless-json.ts';
import { cutJson } from './cut.ts';
import type { CanonicalMessage, JsonObject } from './message.ts';

const dayMs = 86_400_000;

/**
 * Where the messages of one span or log record are stored: project, week and conversation. A conversation is the session,
 * else the trace; a week's partition holds what its spans name, so that retention cannot part them.
 */
export interface Bucket {
  projectId: string;
  week: number;
  conversation: string;
  seenNs: bigint;
}

/** Monday (UTC) of the time, in days since 1970 as ClickHouse's `Date`. */
export function weekOf(timeNs: bigint): number {
  const day = Math.floor(Number(timeNs / 1_000_000n) / dayMs);
  return day - ((day + 3) % 7); // 1970-01-01 was a Thursday
}

/** Adds the messages to `rows` and gives their hashes in order. */
export function storeMessages(messages: readonly CanonicalMessage[], bucket: Bucket, rows: MessageRow[]): Uint8Array[] {
  return messages.map((message) => storeBody(message.role, cutMessage(message), bucket, rows));
}

/** Tool definitions are stored like messages, each the JSON it was sent as. */
export function storeDefinitions(definitions: readonly Json[], bucket: Bucket, rows: MessageRow[]): Uint8Array[] {
  return definitions.map((definition) => storeBody('tool_definition', cutJson(definition), bucket, rows));
}

function storeBody(role: string, body: string, bucket: Bucket, rows: MessageRow[]): Uint8Array {
  const hash = digest('sha256', body, 'buffer').subarray(0, 16);
  rows.push({
    project_id: bucket.projectId,
    week: bucket.week,
    conversation: bucket.conversation,
    hash,
    seen: bucket.seenNs,
    role,
    body,
  });
  return hash;
}

/** Parts that were cut say how large they were. */
function cutMessage(message: CanonicalMessage): string {
  const whole = JSON.stringify(message);
  const cut = cutJson(message as unknown as Json);
  if (cut === whole) return whole;
  const parts: JsonObject[] = message.parts.map((part) => {
    const bytes = Buffer.byteLength(JSON.stringify(part));
    const kept = cutJson(part, partLimitBytes(message.parts.length));
    const shorter = JSON.parse(kept) as JsonObject;
    if (kept === JSON.stringify(part)) return part;
    return 'cut' in shorter && !('type' in shorter)
      ? { type: 'data', value: shorter, truncated_bytes: bytes }
      : { ...shorter, truncated_bytes: bytes };
  });
  return JSON.stringify({ ...message, parts });
}

function partLimitBytes(parts: number): number {
  return Math.max(4096, Math.floor((1024 * 1024) / Math.max(1, parts)));
}
