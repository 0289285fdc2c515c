import { describe, expect, it } from 'vitest';
import { mapSpan } from '../../../../collector/map/span.ts';
import type { SpanRow } from '../../../../migrations/schema.ts';
import { spanColumns } from '../../../../migrations/schema.ts';
import { attributesOf } from '../../../support/otlp-encode.ts';
import { eventsOf, spanOf, startNs, traceHex } from './otlp-fixture.ts';

function rowOf(...args: Parameters<typeof spanOf>): SpanRow {
  return mapSpan(spanOf(...args), 'p').row;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('a span without any convention', () => {
  const row = rowOf(
    { 'http.route': '/cart', retries: 2, ratio: 5.5, ok: true, list: ['a'] },
    {
      name: 'GET /cart',
      kind: 2,
      traceState: 'v=1',
      parentSpanId: '2122232425262728',
      flags: 257,
      droppedAttributesCount: 1,
      droppedEventsCount: 2,
      droppedLinksCount: 3,
      ...eventsOf(['tick', { n: 1 }]),
      links: [
        { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceState: 'l', attributes: attributesOf({ a: 1 }) },
      ],
    },
    {
      resource: attributesOf({ 'service.name': 'shop', 'deployment.environment.name': 'prod', 'process.pid': 7 }),
      scope: { name: 'http', version: '1', attributes: attributesOf({ s: 1 }) },
    },
  );

  it('is a row of what was sent', () => {
    expect(row).toMatchObject({
      project_id: 'p',
      trace_state: 'v=1',
      flags: 257,
      name: 'GET /cart',
      span_kind: 2,
      start_time: startNs,
      duration_ns: 5n,
      status: 'unset',
      status_code: 0,
      service_name: 'shop',
      environment: 'prod',
      scope_name: 'http',
      scope_version: '1',
      scope_attributes: '{"s":1}',
      convention: '',
      kind: 'other',
      usage_scope: '',
      has_usage: false,
      reported_cost_usd: null,
      time_to_first_token_ns: null,
      dropped_attributes_count: 1,
      dropped_events_count: 2,
      dropped_links_count: 3,
      events: '[{"timeUnixNano":"1","name":"tick","attributes":{"n":1}}]',
      links: `[{"traceId":"${'ab'.repeat(16)}","spanId":"${'cd'.repeat(8)}","traceState":"l","attributes":{"a":1}}]`,
    });
    expect([hex(row.trace_id), hex(row.span_id), hex(row.parent_span_id)]).toEqual([
      traceHex,
      '1112131415161718',
      '2122232425262728',
    ]);
  });

  it('keeps text as text and every other value as JSON', () => {
    expect(Object.fromEntries(row.attributes)).toEqual({ 'http.route': '/cart' });
    expect(Object.fromEntries(row.attributes_json)).toEqual({ retries: '2', ratio: '5.5', ok: 'true', list: '["a"]' });
    expect(Object.fromEntries(row.resource)).toEqual({ 'service.name': 'shop', 'deployment.environment.name': 'prod' });
    expect(Object.fromEntries(row.resource_json)).toEqual({ 'process.pid': '7' });
  });

  it('has every column of the table', () => {
    expect(Object.keys(row)).toEqual(Object.keys(spanColumns));
  });

  it('keeps long attributes apart', () => {
    const { attributes, attributes_json, content_attributes } = rowOf({
      short: 'x'.repeat(1024),
      long: 'x'.repeat(1025),
      numbers: Array.from({ length: 1000 }, () => 7),
    });
    expect([...attributes.keys()]).toEqual(['short']);
    expect([...attributes_json.keys()]).toEqual([]);
    expect([...content_attributes.keys()]).toEqual(['long', 'numbers']);
    expect(JSON.parse(content_attributes.get('long') ?? '')).toBe('x'.repeat(1025));
  });

  it('has no parent where its parent id is all zeros or missing', () => {
    expect(hex(rowOf().parent_span_id)).toBe('00'.repeat(8));
    expect(hex(rowOf({}, { parentSpanId: '00'.repeat(8) }).parent_span_id)).toBe('00'.repeat(8));
  });

  it('may end before it began', () => {
    expect(rowOf({}, { endTimeUnixNano: String(startNs - 1n) }).duration_ns).toBe(-1n);
    expect(rowOf({}, { endTimeUnixNano: '0' }).duration_ns).toBe(-startNs);
  });

  it('cuts names that are no names', () => {
    const long = 'n'.repeat(1_000_000);
    const row = rowOf(
      { [long]: 1, 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': long },
      { name: long, traceState: long },
      { scope: { name: long, version: long } },
    );
    for (const name of [row.name, row.trace_state, row.scope_name, row.scope_version, row.request_model]) {
      expect(name.length).toBeLessThan(5000);
    }
    for (const key of row.attributes_json.keys()) expect(key.length).toBeLessThan(5000);
  });
});

describe('the outcome of a span', () => {
  it.each([
    ['unset', {}, {}, { status: 'unset', error_type: '', status_message: '' }],
    ['ok', {}, { status: { code: 1 } }, { status: 'ok', status_code: 1 }],
    [
      'ok although it has an error type',
      { 'error.type': 'timeout' },
      { status: { code: 1 } },
      { status: 'ok', error_type: '' },
    ],
    [
      'error with its message',
      { 'error.type': 'timeout' },
      { status: { code: 2, message: 'took too long' } },
      { status: 'error', status_code: 2, error_type: 'timeout', status_message: 'took too long' },
    ],
    [
      'error by its type alone',
      { 'error.type': '_OTHER' },
      {},
      { status: 'error', status_code: 0, error_type: '_OTHER' },
    ],
    [
      'error by its last exception alone',
      {},
      eventsOf(
        ['exception', { 'exception.type': 'First', 'exception.message': 'one' }],
        ['exception', { 'exception.type': 'Last', 'exception.message': 'two' }],
      ),
      { status: 'error', error_type: 'Last', status_message: 'two' },
    ],
    [
      'error with the HTTP status for a type',
      { 'http.response.status_code': 429 },
      { status: { code: 2 } },
      { status: 'error', error_type: '429' },
    ],
    [
      'error whose own type goes before the exception’s',
      { 'error.type': 'mine' },
      { status: { code: 2 }, ...eventsOf(['exception', { 'exception.type': 'other', 'exception.message': 'm' }]) },
      { status: 'error', error_type: 'mine', status_message: 'm' },
    ],
    ['unset with an HTTP status', { 'http.response.status_code': 500 }, {}, { status: 'unset', error_type: '' }],
    ['unset with an unknown status code', {}, { status: { code: 7 } }, { status: 'unset', status_code: 7 }],
  ])('is %s', (_what, attributes, fields, outcome) => {
    expect(rowOf(attributes, fields)).toMatchObject(outcome);
  });
});

describe('session and user', () => {
  it.each([
    [{ 'session.id': 's', 'gen_ai.conversation.id': 'c' }, 's'],
    [{ 'gen_ai.conversation.id': 'c' }, 'c'],
    [{ 'session.id': '', 'gen_ai.conversation.id': 'c' }, 'c'],
    [{ 'session.id': 7 }, '7'],
    [{ 'mcp.session.id': 'transport' }, ''],
    [{}, ''],
  ])('of %j is the session %j', (attributes, sessionId) => {
    expect(rowOf(attributes).session_id).toBe(sessionId);
  });

  it.each([
    [{ 'user.id': 'u', 'enduser.id': 'e' }, 'u'],
    [{ 'enduser.id': 'e' }, 'e'],
  ])('of %j is the user %j', (attributes, userId) => {
    expect(rowOf(attributes).user_id).toBe(userId);
  });

  it('names the conversation of the messages, else the trace does', () => {
    const messages = { 'gen_ai.input.messages': '[{"role":"user","content":"hi"}]' };
    expect(mapSpan(spanOf(messages), 'p').messages[0]?.conversation).toBe(traceHex);
    expect(mapSpan(spanOf({ ...messages, 'session.id': 's' }), 'p').messages[0]?.conversation).toBe('s');
  });
});

describe('a GenAI span', () => {
  it('is read whole', () => {
    const row = rowOf({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'OpenAI',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.response.model': 'gpt-4o-2024-08-06',
      'gen_ai.response.id': 'chatcmpl-1',
      'gen_ai.response.finish_reasons': ['tool-calls', ''],
      'gen_ai.request.stream': true,
      'gen_ai.response.time_to_first_chunk': 0.25,
      'gen_ai.agent.name': 'helper',
      'gen_ai.agent.id': 'a1',
      'gen_ai.agent.version': '2',
      'gen_ai.usage.input_tokens': 10,
      'gen_ai.usage.output_tokens': 5,
      'gen_ai.usage.cost': 0.000123,
      'openai.response.service_tier': 'flex',
    });
    expect(row).toMatchObject({
      convention: 'otel-gen-ai',
      kind: 'llm',
      operation: 'chat',
      provider: 'openai',
      request_model: 'gpt-4o',
      response_model: 'gpt-4o-2024-08-06',
      response_id: 'chatcmpl-1',
      finish_reasons: ['tool_calls'],
      stream: true,
      time_to_first_token_ns: 250_000_000n,
      agent_name: 'helper',
      agent_id: 'a1',
      agent_version: '2',
      usage_scope: 'call',
      has_usage: true,
      input_tokens: 10n,
      output_tokens: 5n,
      reported_cost_usd: 123_000_000n,
      service_tier: 'flex',
    });
    expect(row.attributes.get('gen_ai.provider.name')).toBe('OpenAI');
    expect(row.attributes_json.get('gen_ai.response.finish_reasons')).toBe('["tool-calls",""]');
  });

  it.each([
    [{ 'gen_ai.request.model': 'm' }, 'llm', 'call'],
    [{ 'gen_ai.usage.input_tokens': 1 }, 'llm', 'call'],
    [{ 'gen_ai.operation.name': 'embeddings', 'gen_ai.usage.input_tokens': 1 }, 'embedding', 'call'],
    [{ 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.usage.input_tokens': 1 }, 'agent', 'aggregate'],
    [{ 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.request.model': 'm' }, 'agent', ''],
    [{ 'gen_ai.operation.name': 'chat' }, 'llm', 'call'],
    [{ 'gen_ai.agent.name': 'a' }, 'other', ''],
  ])('%j is of kind %s with usage %j', (attributes, kind, scope) => {
    expect(rowOf(attributes)).toMatchObject({ kind, usage_scope: scope });
  });

  it.each(['constructor', '__proto__', 'toString'])('may be called anything: %s', (name) => {
    const row = rowOf({
      'gen_ai.operation.name': name,
      'gen_ai.provider.name': name,
      'gen_ai.response.finish_reasons': [name],
      'gen_ai.input.messages': JSON.stringify([{ role: name, parts: [{ type: name }] }]),
      [name]: 'kept',
    });
    expect(row).toMatchObject({
      kind: 'other',
      operation: name,
      provider: name.toLowerCase(),
      finish_reasons: [name.toLowerCase()],
    });
    expect(row.attributes.get(name)).toBe('kept');
  });

  it.each(['["stop","length"]', ['stop', 'length']])('reads finish reasons from %j', (sent) => {
    expect(rowOf({ 'gen_ai.response.finish_reasons': sent }).finish_reasons).toEqual(['stop', 'length']);
  });

  it('reads the same messages from text and from structured values', () => {
    const messages = [
      { role: 'user', parts: [{ type: 'text', content: 'hi' }] },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c', result: { n: 1 } }] },
    ];
    const text = mapSpan(spanOf({ 'gen_ai.input.messages': JSON.stringify(messages) }), 'p');
    const structured = mapSpan(spanOf({ 'gen_ai.input.messages': messages }), 'p');
    expect(structured.messages.map(({ body }) => body)).toEqual(text.messages.map(({ body }) => body));
    expect(structured.row.input_messages).toEqual(text.row.input_messages);
  });

  it('reads instructions as messages of the system', () => {
    for (const sent of ['be kind', '[{"type":"text","content":"be kind"}]', [{ type: 'text', content: 'be kind' }]]) {
      const { row, messages } = mapSpan(spanOf({ 'gen_ai.system_instructions': sent }), 'p');
      expect(row.system_instructions).toHaveLength(1);
      expect(messages.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
        { role: 'system', parts: [{ type: 'text', content: 'be kind' }] },
      ]);
    }
  });

  it('keeps messages it cannot read', () => {
    const { messages } = mapSpan(spanOf({ 'gen_ai.input.messages': '[{"role":"user","par' }), 'p');
    expect(messages.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { role: 'user', parts: [{ type: 'text', content: '[{"role":"user","par' }] },
    ]);
  });

  it('survives messages nested without an end', () => {
    const { messages } = mapSpan(spanOf({ 'gen_ai.input.messages': '['.repeat(500_000) + ']'.repeat(500_000) }), 'p');
    expect(messages).toHaveLength(1);
  });

  it('does not store content twice', () => {
    const row = rowOf({
      'gen_ai.operation.name': 'chat',
      'gen_ai.input.messages': '[{"role":"user","content":"hi"}]',
      'gen_ai.output.messages': '[{"role":"assistant","content":"ho"}]',
      'gen_ai.system_instructions': 'be kind',
      'gen_ai.tool.definitions': '[{"name":"f"}]',
      'gen_ai.tool.call.arguments': '{"a":1}',
      'gen_ai.tool.call.result': 'x',
    });
    expect([...row.attributes.keys(), ...row.attributes_json.keys(), ...row.content_attributes.keys()]).toEqual([
      'gen_ai.operation.name',
    ]);
    expect(row).toMatchObject({
      input_preview: 'hi',
      output_preview: 'ho',
      tool_arguments: '{"a":1}',
      tool_result: '"x"',
    });
    expect(row.tool_definitions).toHaveLength(1);
  });

  it('of a tool shows what it was called with and what came of it', () => {
    expect(
      rowOf({
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': 'weather',
        'gen_ai.tool.call.id': 'c1',
        'gen_ai.tool.call.arguments': '{"id":12345678901234567890}',
        'gen_ai.tool.call.result': 'sunny',
      }),
    ).toMatchObject({
      kind: 'tool',
      tool_name: 'weather',
      tool_call_id: 'c1',
      tool_arguments: '{"id":12345678901234567890}',
      tool_result: '"sunny"',
      input_preview: '{"id":12345678901234567890}',
      output_preview: 'sunny',
    });
  });

  it('keeps the digits of a result that is nothing but a number', () => {
    expect(rowOf({ 'gen_ai.tool.call.result': '12345678901234567890' }).tool_result).toBe('12345678901234567890');
  });

  it('of a retrieval has its query and documents', () => {
    expect(
      rowOf({
        'gen_ai.operation.name': 'retrieval',
        'gen_ai.retrieval.query.text': 'paris',
        'gen_ai.retrieval.documents': [{ id: 'd1', score: 0.5 }],
      }),
    ).toMatchObject({ kind: 'retriever', input_value: '"paris"', output_value: '[{"id":"d1","score":0.5}]' });
  });

  it.each([
    [-1, null],
    [Number.NaN, null],
    [1e9, null],
    [0, 0n],
    [1, 1_000_000_000_000n],
  ])('takes a cost of %d for %s', (cost, stored) => {
    const value = { doubleValue: Number.isNaN(cost) ? 'NaN' : cost };
    const usage = attributesOf({ 'gen_ai.usage.input_tokens': 1 });
    const span = spanOf({}, { attributes: [{ key: 'gen_ai.usage.cost', value }, ...usage] });
    expect(mapSpan(span, 'p').row.reported_cost_usd).toBe(stored);
  });

  it('has no cost where it is 0 for no tokens', () => {
    expect(rowOf({ 'gen_ai.operation.name': 'chat', 'gen_ai.usage.cost': 0 }).reported_cost_usd).toBeNull();
  });

  it.each([-1, Number.NaN, 1e12, 'soon'])('takes no time to first token from %s', (seconds) => {
    const value =
      typeof seconds === 'string' ? { stringValue: seconds } : { doubleValue: Number.isNaN(seconds) ? 'NaN' : seconds };
    const span = spanOf({}, { attributes: [{ key: 'gen_ai.response.time_to_first_chunk', value }] });
    expect(mapSpan(span, 'p').row.time_to_first_token_ns).toBeNull();
  });
});
