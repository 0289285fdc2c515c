import type { Attempt, Entry, GatewayCall, ModelCall } from '../sessions/record.ts';
import {
  type CallIdentity,
  callSpanId,
  callTrace,
  type TurnIdentity,
  turnSpanId,
  turnTrace,
} from '../telemetry/span-ids.ts';

/** A try for which budgets held money, and what it cost or may have cost at most. */
export interface RecordedCall {
  callId: string;
  amountUsd: string;
  traceId: string;
  spanId: string;
}

/** What a model call is named in the ids of its spans: `chat 0` of a turn's first, `summary 3` of what wrote its fourth entry. */
export type CallPart = `chat ${number}` | `summary ${number}` | 'chat';

/** The same whoever makes a call, however often its turn is taken over; another one when another model is tried. */
export function turnCallId(
  turn: Pick<TurnIdentity, 'id' | 'sessionId'>,
  part: CallPart,
  attempt: TriedAttempt,
): string {
  return callIdOf(turnSpanId(turn, `${part} ${attempt.number}`), attempt);
}

/** The same of a call of the gateway. */
export function gatewayCallId(call: Pick<CallIdentity, 'id'>, attempt: TriedAttempt): string {
  return callIdOf(callSpanId(call, `chat ${attempt.number}`), attempt);
}

interface TriedAttempt extends Pick<Attempt, 'provider' | 'model'> {
  number: number;
}

/** Of these entries, which stand in their turn from `from` on. */
export function turnCalls(turn: TurnIdentity, entries: readonly Entry[], from = 0): RecordedCall[] {
  const { traceId } = turnTrace(turn);
  return entries.flatMap((entry, index) => {
    const call = entry.type === 'step' ? entry : entry.type === 'compacted' ? entry.call : undefined;
    if (call === undefined) return [];
    const part: CallPart = entry.type === 'step' ? `chat ${entry.step}` : `summary ${from + index}`;
    return chargesOf(call).map(({ attempt, amountUsd }) => ({
      ...{ amountUsd, traceId, callId: turnCallId(turn, part, attempt) },
      spanId: turnSpanId(turn, `${part} ${attempt.number}`),
    }));
  });
}

/** Of a call of the gateway; `costUsd` is what its answer cost, if that is known. */
export function gatewayCalls(
  call: Pick<GatewayCall, 'id' | 'traceparent' | 'attempts'>,
  costUsd: string | undefined,
): RecordedCall[] {
  const { traceId } = callTrace(call);
  return chargesOf({ attempts: call.attempts, costUsd }).map(({ attempt, amountUsd }) => ({
    ...{ amountUsd, traceId, callId: gatewayCallId(call, attempt) },
    spanId: callSpanId(call, `chat ${attempt.number}`),
  }));
}

/** What is not known to have cost less has cost all that was held for it, until the ledger says otherwise. */
function chargesOf({ attempts, costUsd }: Pick<ModelCall, 'attempts' | 'costUsd'>) {
  return attempts.flatMap((attempt, number) => {
    if (attempt.reservedUsd === undefined) return [];
    const isLast = number === attempts.length - 1;
    return [{ attempt: { ...attempt, number }, amountUsd: (isLast ? costUsd : undefined) ?? attempt.reservedUsd }];
  });
}

function callIdOf(spanId: string, { provider, model }: TriedAttempt): string {
  return `${spanId} ${provider}/${model}`;
}
