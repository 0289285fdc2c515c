import type { SpanDetail } from '../api/types.ts';
import type { ModelCall } from './model-calls.ts';
import { keyOfStep } from './turn-rows.ts';

/** A model call's detail; where its own span has no messages, with those of a span that reports the same call. */
export type CallDetail = SpanDetail & {
  /** Name of the span that the messages are from. */
  contentFrom?: string;
};

/** Each costs a request, and only where the call's own span is silent. */
const doublesMax = 3;

/**
 * Loads a call. Two libraries may report it, and the one that counts need not be the one that sends content: what it was given
 * and what it answered are then taken from its wrapper or second report.
 */
export async function loadCall(call: ModelCall, load: (key: string) => Promise<SpanDetail>): Promise<CallDetail> {
  let detail: CallDetail = await load(keyOfStep(call.step));
  for (const double of call.doubles.slice(0, doublesMax)) {
    if (detail.inputMessages.length > 0 && detail.outputMessages.length > 0) return detail;
    const other = await load(keyOfStep(double));
    if (detail.inputMessages.length === 0 && other.inputMessages.length > 0) {
      const { systemInstructions, toolDefinitions, inputMessages } = other;
      detail = { ...detail, systemInstructions, toolDefinitions, inputMessages, contentFrom: other.name };
    }
    if (detail.outputMessages.length === 0 && other.outputMessages.length > 0)
      detail = { ...detail, outputMessages: other.outputMessages, contentFrom: other.name };
  }
  return detail;
}
