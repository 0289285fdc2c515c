import { hash } from 'node:crypto';
import {
  sessionColumns,
  type SessionRow,
  sessionTraceColumns,
  type SessionTraceRow,
  traceColumns,
  type TraceRow,
} from '../../migrations/schema.ts';
import { rowEncoder } from '../../migrations/row-binary.ts';
import type { Unstamped } from '../domain/settlement/summaries.ts';

const encodeTrace = rowEncoder(traceColumns);
const encodeSessionTrace = rowEncoder(sessionTraceColumns);
const encodeSession = rowEncoder(sessionColumns);
const unstamped = { pass: 0n, is_deleted: 0, digest: 0n };

/** Summaries with the digest of what they say; the pass is added when they are written. */
export function withTraceDigest(row: Unstamped<TraceRow>): TraceRow {
  // A copy of a span that arrives again says nothing new.
  const bytes = encodeTrace([{ ...row, last_ingested_at: 0n, ...unstamped }]);
  return { ...row, ...unstamped, digest: digestOf(bytes) };
}

export function withPartDigest(row: Unstamped<SessionTraceRow>): SessionTraceRow {
  return { ...row, ...unstamped, digest: digestOf(encodeSessionTrace([{ ...row, ...unstamped }])) };
}

export function withSessionDigest(row: Unstamped<SessionRow>): SessionRow {
  return { ...row, ...unstamped, digest: digestOf(encodeSession([{ ...row, ...unstamped }])) };
}

/** Never 0, which is what a row has that was written without a digest. */
function digestOf(bytes: Buffer): bigint {
  const digest = hash('sha256', bytes, 'buffer').readBigUInt64LE();
  return digest === 0n ? 1n : digest;
}
