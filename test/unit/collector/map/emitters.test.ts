import { describe, expect, it } from 'vitest';
import { mapSpan } from '../../../../collector/map/span.ts';
import { readSpan } from '../../../../collector/map/conventions.ts';
import { eventsOf, recordOf, spanOf } from './otlp-fixture.ts';
import { mapLog } from '../../../../collector/map/log.ts';

// Spans as released versions of emitters send them, where they do not say what the conventions mean by the names.

const json = (value: unknown) => JSON.stringify(value);
const scope = (name: string) => ({ scope: { name } });
const rowOf = (...span: Parameters<typeof spanOf>) => mapSpan(spanOf(...span), 'p').row;
const text = (role: string, content: string) => ({ role, parts: [{ type: 'text', content }] });

describe('OpenLLMetry for Python', () => {
  it('0.62 gives the input of Bedrock Converse without cached tokens, and a total without them, too', () => {
    const counts = {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'aws.bedrock',
      'gen_ai.usage.input_tokens': 500,
      'gen_ai.usage.output_tokens': 20,
      'gen_ai.usage.total_tokens': 520,
      'gen_ai.usage.cache_read.input_tokens': 300,
      'gen_ai.usage.cache_creation.input_tokens': 40,
    };
    expect(rowOf(counts, {}, scope('opentelemetry.instrumentation.bedrock'))).toMatchObject({
      ...{ input_tokens: 840n, output_tokens: 20n, cache_read_tokens: 300n, cache_write_tokens: 40n },
    });
    expect(rowOf(counts, {}, scope('opentelemetry.instrumentation.anthropic')).input_tokens).toBe(500n);
  });

  it.each([
    ['opentelemetry.instrumentation.google_generativeai', 'gen_ai.usage.total_tokens'],
    ['opentelemetry.instrumentation.vertexai', 'llm.usage.total_tokens'],
  ])('0.62 gives thoughts of Gemini only in the total: %s', (name, total) => {
    const counts = { 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 20, [total]: 180 };
    expect(rowOf(counts, {}, scope(name))).toMatchObject({ input_tokens: 100n, output_tokens: 80n });
  });
});

describe('Strands', () => {
  const tracer = scope('strands.telemetry.tracer');
  const common = { 'gen_ai.system': 'strands-agents' };

  it('1.0 names itself as the provider, and gives the input of Bedrock without cached tokens', () => {
    const row = rowOf(
      {
        ...common,
        'gen_ai.operation.name': 'chat',
        'gen_ai.request.model': 'us.anthropic.claude-sonnet-4-20250514-v1:0',
        ...{ 'gen_ai.usage.prompt_tokens': 10, 'gen_ai.usage.input_tokens': 10 },
        ...{ 'gen_ai.usage.completion_tokens': 5, 'gen_ai.usage.output_tokens': 5, 'gen_ai.usage.total_tokens': 21 },
        ...{ 'gen_ai.usage.cache_read_input_tokens': 6, 'gen_ai.usage.cache_write_input_tokens': 0 },
        'gen_ai.server.time_to_first_token': 420,
      },
      {},
      tracer,
    );
    expect(row).toMatchObject({ provider: '', input_tokens: 16n, output_tokens: 5n, cache_read_tokens: 6n });
    expect(row.time_to_first_token_ns).toBe(420_000_000n);
  });

  it('1.0 writes messages as Bedrock does, in events', () => {
    const { reading } = readSpan(
      spanOf(
        { ...common, 'gen_ai.operation.name': 'chat' },
        eventsOf(
          ['gen_ai.system.message', { content: json([{ text: 'Be kind.' }]) }],
          ['gen_ai.user.message', { content: json([{ text: 'What is 6 times 7?' }]) }],
          [
            'gen_ai.assistant.message',
            {
              content: json([
                { reasoningContent: { reasoningText: { text: 'A product.', signature: 's' } } },
                { toolUse: { toolUseId: 't1', name: 'calc', input: { x: '6*7' } } },
              ]),
            },
          ],
          [
            'gen_ai.tool.message',
            { content: json([{ toolResult: { toolUseId: 't1', status: 'success', content: [{ text: '42' }] } }]) },
          ],
          ['gen_ai.choice', { finish_reason: 'end_turn', message: json([{ text: 'It is 42.' }]) }],
        ),
        tracer,
      ),
    );
    expect(reading.inputMessages).toEqual([
      text('system', 'Be kind.'),
      text('user', 'What is 6 times 7?'),
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'A product.' },
          { type: 'tool_call', id: 't1', name: 'calc', arguments: { x: '6*7' } },
        ],
      },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 't1', result: '42' }] },
    ]);
    expect(reading.outputMessages).toEqual([{ ...text('assistant', 'It is 42.'), finish_reason: 'end_turn' }]);
  });

  it('1.0 says in events what went into a tool and came out', () => {
    const row = rowOf(
      { ...common, 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'calc', 'gen_ai.tool.status': 'error' },
      {
        ...eventsOf(
          ['gen_ai.tool.message', { role: 'tool', content: '{"x":"6*"}', id: 't1' }],
          ['gen_ai.choice', { message: '[{"text":"no number"}]', id: 't1' }],
        ),
        status: { code: 1 },
      },
      tracer,
    );
    expect(row).toMatchObject({ kind: 'tool', tool_arguments: '{"x":"6*"}', status: 'error' });
    expect(row.tool_result).toBe('[{"text":"no number"}]');
    expect(row).toMatchObject({ input_messages: [], output_messages: [] });
  });
});

describe('messages as JSON in an event', () => {
  it('of Azure AI Inference 1.0', () => {
    const content = (value: unknown) => ({ 'gen_ai.system': 'az.ai.inference', 'gen_ai.event.content': json(value) });
    const call = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } };
    const { reading } = readSpan(
      spanOf(
        { 'gen_ai.system': 'az.ai.inference', 'gen_ai.operation.name': 'chat' },
        eventsOf(
          ['gen_ai.user.message', content({ role: 'user', content: 'hi' })],
          ['gen_ai.tool.message', content({ role: 'tool', tool_call_id: 'c0', content: 'done' })],
          [
            'gen_ai.choice',
            content({ message: { content: '', tool_calls: [call] }, finish_reason: 'tool_calls', index: 0 }),
          ],
        ),
      ),
    );
    expect(reading.inputMessages).toEqual([
      text('user', 'hi'),
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c0', result: 'done' }] },
    ]);
    expect(reading.outputMessages).toEqual([
      {
        role: 'assistant',
        parts: [{ type: 'tool_call', id: 'c1', name: 'f', arguments: { a: 1 } }],
        finish_reason: 'tool_calls',
      },
    ]);
  });

  it('of Semantic Kernel 1.45, as the text of a log record', () => {
    const { row } = mapLog(
      recordOf({
        attributes: { 'event.name': 'gen_ai.user.message', 'gen_ai.system': 'openai' },
        body: json({ role: 'user', content: 'hi' }),
      }),
      'p',
      0,
      new Map(),
    );
    expect(row.input_preview).toBe('hi');
  });

  it('is text where it is no list of parts', () => {
    const { reading } = readSpan(spanOf({}, eventsOf(['gen_ai.user.message', { content: '["a", "b"]' }])));
    expect(reading.inputMessages).toEqual([text('user', '["a", "b"]')]);
  });
});

describe('LiteLLM 1.75, its callback `otel`', () => {
  it("streams in Python's spelling, and knows what the call cost", () => {
    const row = rowOf(
      {
        'gen_ai.system': 'bedrock',
        'gen_ai.request.model': 'anthropic.claude-sonnet-4-20250514-v1:0',
        'llm.request.type': 'acompletion',
        'llm.is_streaming': 'True',
        'gen_ai.usage.prompt_tokens': 100,
        'gen_ai.usage.completion_tokens': 10,
        'gen_ai.usage.total_tokens': 110,
        'gen_ai.cost.total_cost': 0.0125,
        'gen_ai.prompt.0.role': 'user',
        'gen_ai.prompt.0.content': 'hi',
      },
      {},
      scope('litellm'),
    );
    expect(row).toMatchObject({ kind: 'llm', provider: 'aws.bedrock', stream: true, input_tokens: 100n });
    expect(row.reported_cost_usd).toBe(12_500_000_000n);
  });

  it('names its calls by the function', () => {
    expect(rowOf({ 'gen_ai.request.model': 'm', 'llm.request.type': 'aembedding' }).kind).toBe('embedding');
    expect(rowOf({ 'gen_ai.request.model': 'm', 'llm.request.type': 'aresponses' }).kind).toBe('llm');
    expect(rowOf({ 'gen_ai.request.model': 'm', 'llm.request.type': 'arerank' }).kind).toBe('retriever');
  });
});
