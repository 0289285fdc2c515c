import { type WireSpan, attributesOf } from './otlp-encode.ts';

const nsPerMs = 1_000_000n;

type Given = {
  spanId: string;
  parentSpanId?: string;
  name: string;
  fromMs: number;
  toMs: number;
  attributes?: Record<string, unknown>;
  error?: string;
};

/** Makes spans of one trace whose times are milliseconds after its start. */
export function createTraceWriter({ traceId, startMs }: { traceId: string; startMs: number }) {
  const time = (ms: number) => String(BigInt(startMs) * nsPerMs + BigInt(Math.round(ms * 1e6)));
  return ({ spanId, parentSpanId, name, fromMs, toMs, attributes = {}, error }: Given): WireSpan => ({
    traceId,
    spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    name,
    kind: 1,
    startTimeUnixNano: time(fromMs),
    endTimeUnixNano: time(toMs),
    attributes: attributesOf(attributes),
    ...(error !== undefined && { status: { code: 2, message: error } }),
  });
}

export const shopTraceId = '7a5f0c1e3b9d48269c1be0a7d2f46813';

/** A support agent that asks the model, runs two tools of which one fails, and answers: eight spans. */
export function makeShopTrace(startMs: number): WireSpan[] {
  const span = createTraceWriter({ traceId: shopTraceId, startMs });
  const chat = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-4o' };
  const tool = (name: string, id: string) => ({
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': name,
    'gen_ai.tool.call.id': id,
  });
  const question = { role: 'user', parts: [{ type: 'text', content: 'Where is my **refund** for order 1042?' }] };
  const calls = [
    { type: 'tool_call', id: 'call_1', name: 'lookup_order', arguments: { id: 1042 } },
    { type: 'tool_call', id: 'call_2', name: 'refund_status', arguments: { order: 1042, verbose: true } },
  ];
  const results = [
    {
      role: 'tool',
      parts: [{ type: 'tool_call_response', id: 'call_1', response: { state: 'returned', total: 59.9 } }],
    },
    { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call_2', response: 'timeout after 700 ms' }] },
  ];
  const answer = {
    role: 'assistant',
    parts: [{ type: 'text', content: 'Your refund is on its way.' }],
    finish_reason: 'stop',
  };
  return [
    span({
      spanId: 'a000000000000001',
      name: 'invoke_agent support',
      fromMs: 0,
      toMs: 4_000,
      attributes: {
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.agent.name': 'support',
        'session.id': 'session-1',
      },
    }),
    span({ spanId: 'a000000000000002', parentSpanId: 'a000000000000001', name: 'step 1', fromMs: 10, toMs: 2_000 }),
    span({
      spanId: 'a000000000000003',
      parentSpanId: 'a000000000000002',
      name: 'chat gpt-4o',
      fromMs: 20,
      toMs: 1_000,
      attributes: {
        ...chat,
        'gen_ai.request.temperature': 0.2,
        'gen_ai.usage.input_tokens': 1_104,
        'gen_ai.usage.output_tokens': 84,
        'gen_ai.usage.cache_read.input_tokens': 512,
        'gen_ai.system_instructions': JSON.stringify([{ type: 'text', content: 'You are the support agent.' }]),
        'gen_ai.input.messages': JSON.stringify([question]),
        'gen_ai.output.messages': JSON.stringify([{ role: 'assistant', parts: calls, finish_reason: 'tool_call' }]),
      },
    }),
    span({
      spanId: 'a000000000000004',
      parentSpanId: 'a000000000000002',
      name: 'execute_tool lookup_order',
      fromMs: 1_010,
      toMs: 1_200,
      attributes: {
        ...tool('lookup_order', 'call_1'),
        'gen_ai.tool.call.arguments': '{"id":1042}',
        'gen_ai.tool.call.result': '{"state":"returned","total":59.9}',
      },
    }),
    span({
      spanId: 'a000000000000005',
      parentSpanId: 'a000000000000002',
      name: 'execute_tool refund_status',
      fromMs: 1_010,
      toMs: 1_710,
      error: 'no answer within 700 ms',
      attributes: { ...tool('refund_status', 'call_2'), 'error.type': 'TimeoutError' },
    }),
    span({ spanId: 'a000000000000006', parentSpanId: 'a000000000000001', name: 'step 2', fromMs: 2_010, toMs: 3_990 }),
    span({
      spanId: 'a000000000000007',
      parentSpanId: 'a000000000000006',
      name: 'chat gpt-4o',
      fromMs: 2_020,
      toMs: 3_980,
      attributes: {
        ...chat,
        'gen_ai.usage.input_tokens': 1_300,
        'gen_ai.usage.output_tokens': 20,
        'gen_ai.input.messages': JSON.stringify([question, { role: 'assistant', parts: calls }, ...results]),
        'gen_ai.output.messages': JSON.stringify([answer]),
      },
    }),
    span({
      spanId: 'a000000000000008',
      parentSpanId: 'beefbeefbeefbeef',
      name: 'report usage',
      fromMs: 3_990,
      toMs: 4_020,
    }),
  ];
}
