import type { WireSpan } from './otlp-encode.ts';
import { createTraceWriter } from './shop-trace.ts';

export const pricedTraceId = '3c1f8a60b2d94e7f9a5508d1e6c7b2a4';
export const otherTraceId = '9e27d4b81a6c4f03b5d2c80f7a1e6d53';

const gpt = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-4o' };
const tokens = (input: number, output: number) => ({
  'gen_ai.usage.input_tokens': input,
  'gen_ai.usage.output_tokens': output,
});
const response = (id: string) => ({ 'gen_ai.response.id': id });

/**
 * One trace with a span of every way to count or not to count, and one that holds the better record of one of its calls. Of
 * the first, two calls are priced: `chat gpt-4o` at $0.00296 and `chat inner` at $0.002; one is reported, one has no price.
 */
export function makePricedTraces(startMs: number): WireSpan[] {
  const span = createTraceWriter({ traceId: pricedTraceId, startMs });
  const other = createTraceWriter({ traceId: otherTraceId, startMs });
  const root = 'c000000000000001';
  const call = (number: number, name: string, attributes: Record<string, unknown>, parentSpanId = root) =>
    span({
      ...{ spanId: `c00000000000000${number}`, parentSpanId, name },
      ...{ fromMs: number * 100, toMs: number * 100 + 80, attributes },
    });
  return [
    span({
      ...{ spanId: root, name: 'invoke_agent billing', fromMs: 0, toMs: 1_000 },
      attributes: {
        ...{ 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'billing', 'session.id': 'session-7' },
        ...tokens(4_000, 300),
      },
    }),
    call(2, 'chat gpt-4o', {
      ...{ ...gpt, ...tokens(1_104, 84), ...response('resp-2') },
      'gen_ai.usage.cache_read.input_tokens': 512,
      'gen_ai.usage.cost': 0.004,
    }),
    call(3, 'chat outer', { ...gpt, ...tokens(400, 100), ...response('resp-3') }),
    call(4, 'chat inner', { ...gpt, ...tokens(400, 100), ...response('resp-3') }, 'c000000000000003'),
    call(5, 'chat house', { ...gpt, ...tokens(70, 7), 'gen_ai.request.model': 'house-model-1' }),
    call(6, 'chat partner', {
      ...{ ...gpt, ...tokens(80, 8), 'gen_ai.request.model': 'partner-model-1', 'gen_ai.usage.cost': 0.25 },
    }),
    call(7, 'chat copy', { ...gpt, ...tokens(90, 9), ...response('resp-7') }),
    call(8, 'check the invoice', {
      ...{ 'openinference.span.kind': 'CHAIN', 'input.value': 'invoice 77', 'output.value': '{"paid":true}' },
    }),
    other({
      ...{ spanId: 'd000000000000001', name: 'chat original', fromMs: 700, toMs: 790 },
      attributes: { ...gpt, ...tokens(90, 9), ...response('resp-7'), 'gen_ai.usage.cache_read.input_tokens': 10 },
    }),
  ];
}
