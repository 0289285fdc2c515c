import { describe, expect, it } from 'vitest';
import { readSpan } from '../../../../../collector/map/conventions.ts';
import { traceloopLegacy } from '../../../../../collector/map/conventions/traceloop-legacy.ts';
import { describeConvention } from '../describe-convention.ts';
import { eventsOf, spanOf, startNs } from '../otlp-fixture.ts';

const message = (role: string, content: string) => [{ role, parts: [{ type: 'text', content }] }];
const chunk = (name: string, afterNs: bigint) => ({
  events: [{ ...eventsOf([name, {}]).events?.[0], timeUnixNano: String(startNs + afterNs), name }],
});

describeConvention(traceloopLegacy, [
  ['kind', { 'llm.request.type': 'chat' }, 'llm'],
  ['kind', { 'llm.request.type': 'completion' }, 'llm'],
  ['kind', { 'llm.request.type': 'embedding' }, 'embedding'],
  ['kind', { 'llm.request.type': 'rerank' }, 'retriever'],
  ['kind', { 'llm.request.type': 'unknown' }, undefined],
  ['operation', { 'llm.request.type': 'completion' }, 'text_completion'],
  ['operation', { 'llm.request.type': 'embedding' }, 'embeddings'],
  [
    'finishReasons',
    { 'gen_ai.completion.1.finish_reason': 'length', 'gen_ai.completion.0.finish_reason': 'tool_calls' },
    ['tool_calls', 'length'],
  ],
  ['finishReasons', { 'gen_ai.completion.0.finish_reason': '' }, undefined],
  ['finishReasons', { 'llm.response.finish_reason': 'max_tokens' }, ['length']],
  ['finishReasons', { 'llm.response.stop_reason': 'end_turn' }, ['stop']],
  ['stream', { 'llm.is_streaming': true }, true],
  ['stream', { 'llm.is_streaming': false }, undefined],
  ['stream', { 'gen_ai.is_streaming': true }, true],
  ['stream', { 'llm.request.type': 'chat' }, true, chunk('llm.content.completion.chunk', 4n)],
  ['timeToFirstTokenNs', { 'llm.request.type': 'chat' }, 3n, chunk('gen_ai.content.completion.chunk', 3n)],
  ['userId', { 'llm.user': 'u1', 'llm.request.type': 'chat' }, 'u1'],
  ['userId', { 'gen_ai.user': 'u2', 'llm.request.type': 'chat' }, 'u2'],
  [
    'toolDefinitions',
    { 'llm.request.functions.0.name': 'f', 'llm.request.functions.0.parameters': '{"type":"object"}' },
    [{ name: 'f', parameters: { type: 'object' } }],
  ],
  ['toolDefinitions', { 'gen_ai.tool.definitions.0.name': 'g' }, [{ name: 'g' }]],
  ['inputMessages', { 'gen_ai.prompt.0.role': 'user', 'gen_ai.prompt.0.content': 'hi' }, message('user', 'hi')],
  ['outputMessages', { 'gen_ai.completion.0.content': 'yes' }, message('assistant', 'yes')],
]);

/** The messages of a span whose list has these fields. */
function messagesOf(fields: Record<string, unknown>, root = 'gen_ai.prompt') {
  const attributes = Object.fromEntries(Object.entries(fields).map(([field, value]) => [`${root}.${field}`, value]));
  const { reading } = readSpan(spanOf(attributes));
  return root === 'gen_ai.prompt' ? reading.inputMessages : reading.outputMessages;
}

describe('messages in flat names', () => {
  it('come in the order of their numbers', () => {
    const fields = { '10.content': 'c', '2.content': 'b', '0.role': 'system', '0.content': 'a' };
    expect(messagesOf(fields)).toEqual([...message('system', 'a'), ...message('user', 'b'), ...message('user', 'c')]);
  });

  it.each([['null'], [''], ['""'], ['[]']])('have no content where it is %j', (content) => {
    expect(messagesOf({ '0.role': 'assistant', '0.content': content })).toEqual([{ role: 'assistant', parts: [] }]);
  });

  it('may have parts as JSON', () => {
    const parts = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
    ];
    expect(messagesOf({ '0.role': 'user', '0.content': JSON.stringify(parts) })).toEqual([
      {
        role: 'user',
        parts: [
          { type: 'text', content: 'What is this?' },
          { type: 'media', modality: 'image', mime_type: 'image/png', content: 'AAAA' },
        ],
      },
    ]);
  });

  it.each([['{"answer":42}'], ['[1,2]'], ['[{"no":"part"}]'], ['[not json']])('keep %s as text', (content) => {
    expect(messagesOf({ '0.content': content })).toEqual(message('user', content));
  });

  it('have calls and results of tools, also without ids', () => {
    const call = { '0.role': 'assistant', '0.tool_calls.0.name': 'get_weather', '0.tool_calls.0.arguments': '{"n":1}' };
    expect(messagesOf({ ...call, '0.content': '', '1.role': 'tool', '1.content': '{"degrees":18}' })).toEqual([
      { role: 'assistant', parts: [{ type: 'tool_call', id: null, name: 'get_weather', arguments: { n: 1 } }] },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: null, result: { degrees: 18 } }] },
    ]);
    expect(
      messagesOf({ ...call, '0.tool_calls.0.id': 'c', '1.role': 'tool', '1.tool_call_id': 'c', '1.content': 'mild' }),
    ).toEqual([
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'c', name: 'get_weather', arguments: { n: 1 } }] },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c', result: 'mild' }] },
    ]);
  });

  it('say a call once that stands among the parts, too', () => {
    const parts = [
      { type: 'text', text: 'Let me see.' },
      { type: 'tool_use', id: 'c', name: 'get_weather', input: { n: 1 } },
    ];
    expect(
      messagesOf({
        '0.role': 'assistant',
        '0.content': JSON.stringify(parts),
        '0.tool_calls.0.id': 'c',
        '0.tool_calls.0.name': 'get_weather',
        '0.tool_calls.0.arguments': '{"n":1}',
      }),
    ).toEqual([
      {
        role: 'assistant',
        parts: [
          { type: 'text', content: 'Let me see.' },
          { type: 'tool_call', id: 'c', name: 'get_weather', arguments: { n: 1 } },
        ],
      },
    ]);
  });

  it('may be the text of a completion', () => {
    expect(messagesOf({ '0.user': 'Once upon a time' })).toEqual(message('user', 'Once upon a time'));
  });

  it('keep what has no canonical name', () => {
    expect(messagesOf({ '0.content': 'x', '0.content_filter_results': '{}' }, 'gen_ai.completion')).toEqual([
      { ...message('assistant', 'x')[0], content_filter_results: '{}' },
    ]);
  });
});

describe('an answer in flat names', () => {
  it('has its thoughts, whichever entry they came in', () => {
    const fields = {
      '0.role': 'thinking',
      '0.content': 'Paris, I think.',
      '0.finish_reason': 'end_turn',
      '1.role': 'assistant',
      '1.content': 'Paris.',
    };
    expect(messagesOf(fields, 'gen_ai.completion')).toEqual([
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'Paris, I think.' },
          { type: 'text', content: 'Paris.' },
        ],
        finish_reason: 'end_turn',
      },
    ]);
    expect(messagesOf({ '0.role': 'thinking', '0.content': 'Hm.' }, 'gen_ai.completion')).toEqual([
      { role: 'assistant', parts: [{ type: 'reasoning', content: 'Hm.' }] },
    ]);
    expect(messagesOf({ '0.reasoning': 'Hm.', '0.content': 'Yes.' }, 'gen_ai.completion')).toEqual([
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'Hm.' },
          { type: 'text', content: 'Yes.' },
        ],
      },
    ]);
  });

  it('may be a refusal, and several choices are several messages', () => {
    expect(messagesOf({ '0.refusal': 'No.', '1.content': 'Yes.' }, 'gen_ai.completion')).toEqual([
      ...message('assistant', 'No.'),
      ...message('assistant', 'Yes.'),
    ]);
  });
});

describe('definitions in flat names', () => {
  it.each(['parameters', 'arguments', 'input_schema'])('have their schema under %s', (name) => {
    const { reading } = readSpan(
      spanOf({
        'llm.request.functions.0.name': 'f',
        'llm.request.functions.0.description': 'does',
        [`llm.request.functions.0.${name}`]: '{"type":"object"}',
      }),
    );
    expect(reading.toolDefinitions).toEqual([{ name: 'f', description: 'does', parameters: { type: 'object' } }]);
  });
});

describe('a span in flat names', () => {
  it('is believed after the current names', () => {
    const { reading, convention } = readSpan(
      spanOf({
        'gen_ai.operation.name': 'embeddings',
        'llm.request.type': 'chat',
        'gen_ai.input.messages': JSON.stringify(message('user', 'new')),
        'gen_ai.prompt.0.content': 'old',
      }),
    );
    expect(reading).toMatchObject({ kind: 'embedding', inputMessages: message('user', 'new') });
    expect(convention).toBe('otel-gen-ai');
  });

  it('keeps headers apart from what lists read, and not where there were none', () => {
    const given = readSpan(spanOf({ 'llm.request.type': 'chat', 'llm.headers': "{'x-team': 'a'}" }));
    expect([...given.payloads]).toContain('llm.headers');
    const none = readSpan(spanOf({ 'llm.request.type': 'chat', 'llm.headers': 'None' }));
    expect([...none.carried]).toContain('llm.headers');
  });
});
