import type { SideEffect, ToolFailureKind, ToolResult } from './tool.ts';

/** Why a call ended without an answer. */
export interface NoAnswer {
  /** `the connection was refused` */
  what: string;
  /** What it is where nothing can have happened. */
  kind: ToolFailureKind;
  /** Something may have arrived at the other side. */
  wasSent: boolean;
}

const ofUnknownOutcome =
  'It may have been done or not. Do not simply repeat it: find out first, or say that the outcome is not known.';

/** A call without an answer, as the model is told; a write that was sent may have happened. */
export function describeNoAnswer(
  { what, kind, wasSent }: NoAnswer,
  { sideEffect, attempts }: { sideEffect: SideEffect; attempts: number },
): ToolResult {
  if (wasSent && sideEffect === 'write') {
    return { text: `The call was sent, then: ${what}. ${ofUnknownOutcome}`, failure: 'outcome_unknown', attempts };
  }
  const tried = attempts > 1 ? ` (tried ${attempts} times)` : '';
  return { text: `The call failed: ${what}${tried}.`, failure: kind, attempts };
}

/** `no answer within 5 s` */
export function describeTimeout(timeoutMs: number): string {
  return `no answer within ${timeoutMs >= 1_000 ? `${timeoutMs / 1_000} s` : `${timeoutMs} ms`}`;
}

/** Why the signal of a call was aborted: the turn ended, or its own time is over. */
export function describeAbort(turn: AbortSignal, timeoutMs: number): Pick<NoAnswer, 'what' | 'kind'> {
  return turn.aborted
    ? { what: 'the turn was ended before an answer came', kind: 'cancelled' }
    : { what: describeTimeout(timeoutMs), kind: 'timeout' };
}
