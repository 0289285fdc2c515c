import { hash as digest } from 'node:crypto';
import type { MessageRow } from '../../migrations/schema.ts';
import { type Json, parseJson } from '../lossless-json.ts';
import { cutJson, cutName, fitsPayload, payloadLimitBytes } from './cut.ts';
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
  return messages.map((message) => storeEncoded(encodeMessage(message), bucket, rows));
}

/** A message as it is stored. */
export interface EncodedMessage {
  role: string;
  body: string;
  hash: Buffer;
}

export function encodeMessage(message: CanonicalMessage): EncodedMessage {
  const body = messageBody(message);
  return { role: messageRole(message), body, hash: hashBody(body) };
}

/** A tool definition, which is stored as the JSON it was sent as. */
export function encodeDefinition(definition: Json): EncodedMessage {
  const body = cutJson(definition);
  return { role: 'tool_definition', body, hash: hashBody(body) };
}

/** 16 bytes of SHA-256: what a message is named by. */
export function hashBody(body: string): Buffer {
  return digest('sha256', body, 'buffer').subarray(0, 16);
}

export function messageRole({ role }: CanonicalMessage): string {
  return cutName(role);
}

/**
 * Which user message a call was given: how many there are, and the first eight bytes of the last one's hash (0 = none). A
 * message that only brings tool results back is nobody's word, though some providers send it in the user's role.
 */
export function userMessages(
  messages: readonly CanonicalMessage[],
  hashes: readonly Uint8Array[],
): { user_message_count: number; last_user_message: bigint } {
  const users = hashes.filter((_, index) => isFromUser(messages[index]));
  const last = users.at(-1);
  return {
    user_message_count: users.length,
    last_user_message: last === undefined ? 0n : Buffer.from(last).readBigUInt64LE(),
  };
}

/** True for what a user said. */
export function isFromUser(message: CanonicalMessage | undefined): boolean {
  return message?.role === 'user' && !message.parts.every(({ type }) => type === 'tool_call_response');
}

/** Tool definitions are stored like messages, each the JSON it was sent as. */
export function storeDefinitions(definitions: readonly Json[], bucket: Bucket, rows: MessageRow[]): Uint8Array[] {
  return definitions.map((definition) => storeEncoded(encodeDefinition(definition), bucket, rows));
}

function storeEncoded({ role, body, hash }: EncodedMessage, bucket: Bucket, rows: MessageRow[]): Uint8Array {
  const { projectId, week, conversation, seenNs } = bucket;
  rows.push({ project_id: projectId, week, conversation, hash, seen: seenNs, role, body });
  return hash;
}

/** The message as JSON within the payload limit: what is too large is cut part by part, and cut parts say how large they were. */
export function messageBody(message: CanonicalMessage): string {
  const whole = JSON.stringify(message);
  if (fitsPayload(whole)) return whole;
  const { role, name, finish_reason: finish, parts } = message;
  const head = {
    role: cutName(role),
    ...(name === undefined ? {} : { name: cutName(name) }),
    ...(finish === undefined ? {} : { finish_reason: cutName(finish) }),
  };
  const perPart = Math.floor(partsLimitBytes / Math.max(1, parts.length));
  if (perPart >= partMinBytes) {
    const body = JSON.stringify({ ...head, parts: parts.map((part) => cutPart(part, perPart)) });
    if (fitsPayload(body)) return body;
  }
  return JSON.stringify({
    ...head,
    parts: [cutPart({ type: 'data', value: message as unknown as Json }, partsLimitBytes)],
  });
}

/** Room for the head of the message, and for what JSON adds around parts. */
const partsLimitBytes = payloadLimitBytes / 2;
/** A message of so many parts that each would get less is cut as a whole. */
const partMinBytes = 256;

function cutPart(part: JsonObject, limitBytes: number): JsonObject {
  const whole = JSON.stringify(part);
  const bytes = Buffer.byteLength(whole);
  if (bytes <= limitBytes) return part;
  const cut = parseJson(cutJson(part, limitBytes)) as JsonObject;
  const kept = typeof cut['type'] === 'string' ? cut : { type: 'data', value: cut };
  return { ...kept, truncated_bytes: bytes };
}
