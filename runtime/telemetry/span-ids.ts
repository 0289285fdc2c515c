import { createHash } from 'node:crypto';
import type { GatewayCall, Turn } from '../sessions/record.ts';

/** What of a turn decides the ids of its spans. */
export type TurnIdentity = Pick<Turn, 'id' | 'sessionId'> & { input: Pick<Turn['input'], 'traceparent'> };
export type CallIdentity = Pick<GatewayCall, 'id' | 'traceparent'>;

/** Where a trace goes on. */
export interface TraceParent {
  traceId: string;
  /** Absent: the trace begins here. */
  parentSpanId: string | undefined;
}

const traceparentForm = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-|$)/;
const traceIdBytes = 16;
const spanIdBytes = 8;

/**
 * The trace of a turn: the caller's, else one of its own. Whether the caller samples its trace is not asked: what agents do and
 * cost is always recorded.
 */
export function turnTrace({ id, sessionId, input }: TurnIdentity): TraceParent {
  return readTraceparent(input.traceparent) ?? beginTrace(`trace ${sessionId} ${id}`);
}

/** The same of a call of the gateway. */
export function callTrace({ id, traceparent }: CallIdentity): TraceParent {
  return readTraceparent(traceparent) ?? beginTrace(`trace gateway ${id}`);
}

/** The same whoever derives it, as often as it is. `part` is unique within the turn: `chat 0 1`. */
export function turnSpanId({ id, sessionId }: Pick<TurnIdentity, 'id' | 'sessionId'>, part: string): string {
  return hashHex(`span ${sessionId} ${id} ${part}`, spanIdBytes);
}

/** The same of a call of the gateway. */
export function callSpanId({ id }: Pick<CallIdentity, 'id'>, part: string): string {
  return hashHex(`span gateway ${id} ${part}`, spanIdBytes);
}

/** Of the tool's span within its turn. */
export function toolPart({ step, callId }: { step: number; callId: string }): string {
  return `tool ${step} ${callId}`;
}

/** W3C context of the span that a tool call will have, before it exists: what the tool is sent. */
export function toolSpanContext(turn: TurnIdentity, call: { step: number; callId: string }): string {
  return `00-${turnTrace(turn).traceId}-${turnSpanId(turn, toolPart(call))}-01`;
}

function beginTrace(seed: string): TraceParent {
  return { traceId: hashHex(seed, traceIdBytes), parentSpanId: undefined };
}

/** Undefined where it is none: as the recommendation has it, such a header is as good as absent. */
function readTraceparent(value: string | null): TraceParent | undefined {
  const [, traceId, parentSpanId] = traceparentForm.exec(value?.trim() ?? '') ?? [];
  if (traceId === undefined || parentSpanId === undefined || isZero(traceId) || isZero(parentSpanId)) return undefined;
  return { traceId, parentSpanId };
}

function isZero(id: string): boolean {
  return /^0+$/.test(id);
}

function hashHex(seed: string, bytes: number): string {
  return createHash('sha256')
    .update(seed)
    .digest('hex')
    .slice(0, bytes * 2);
}
