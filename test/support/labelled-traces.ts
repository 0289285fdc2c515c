import type { WireSpan } from './otlp-encode.ts';
import { createTraceWriter } from './shop-trace.ts';

/** Distinct order numbers: a label with a value of its own on every trace. */
export const labelledTraceCount = 12;

export function labelledTraceId(place: number): string {
  return `7a11${place.toString(16).padStart(28, '0')}`;
}

/**
 * Traces of one model call each, labelled as an application does it: the first half are of team `search` and tagged `beta`, the
 * others of team `billing`; two and two are one session, and each has an order of its own.
 */
export function makeLabelledTraces(startMs: number): WireSpan[] {
  return Array.from({ length: labelledTraceCount }, (_, place) => {
    const isSearch = place < labelledTraceCount / 2;
    const span = createTraceWriter({ traceId: labelledTraceId(place), startMs: startMs + place * 10_000 });
    const labels = {
      'langfuse.trace.metadata.team': isSearch ? 'search' : 'billing',
      'langfuse.trace.metadata.order': `order-${place}`,
      'langfuse.trace.metadata.tenant_region': 'eu-central',
      ...(isSearch ? { 'langfuse.trace.tags': ['beta'] } : {}),
    };
    const session = { 'session.id': `labelled-${Math.floor(place / 2)}`, 'user.id': `user-${place % 3}` };
    const [root, call] = [1, 2].map((number) => `e${number}${place.toString(16).padStart(14, '0')}`) as [
      string,
      string,
    ];
    return [
      span({
        ...{ spanId: root, name: 'answer', fromMs: 0, toMs: 1_000 },
        attributes: { 'langfuse.observation.type': 'agent', ...labels, ...session },
      }),
      span({
        ...{ spanId: call, parentSpanId: root, name: 'chat gpt-4o', fromMs: 100, toMs: 900 },
        attributes: {
          'gen_ai.operation.name': 'chat',
          'gen_ai.provider.name': 'openai',
          'gen_ai.request.model': 'gpt-4o',
          'gen_ai.usage.input_tokens': 1_000,
          'gen_ai.usage.output_tokens': isSearch ? 100 : 200,
          'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"Where is my refund?"}]}]',
          'gen_ai.output.messages': '[{"role":"assistant","parts":[{"type":"text","content":"On its way."}]}]',
          ...session,
        },
      }),
    ];
  }).flat();
}
