import { describe, expect, it } from 'vitest';
import { logfire } from '../../../../../collector/map/conventions/logfire.ts';
import { mapSpan } from '../../../../../collector/map/span.ts';
import { describeConvention } from '../describe-convention.ts';
import { spanOf } from '../otlp-fixture.ts';

const json = (value: unknown) => JSON.stringify(value);
const says = (role: string, content: string) => [{ role, parts: [{ type: 'text', content }] }];
const level = { 'logfire.level_num': 9 };
const request = {
  ...level,
  request_data: json({
    stream: true,
    system: 'be',
    messages: [{ role: 'user', content: 'hi' }],
    tools: [{ name: 'f' }],
  }),
};
const answered = (response: unknown) => ({ ...level, response_data: json(response) });
const ofClient = (client: string, name = 'Message with claude') => ({ scopeName: `logfire.${client}`, name });
const started = { ...level, request_data: json({ model: 'claude', stream: true }) };
const counted = answered({
  usage: {
    ...{ input_tokens: 150, output_tokens: 70, cache_read_input_tokens: 400, cache_creation_input_tokens: 50 },
    cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 30 },
  },
});
const reasoned = answered({
  usage: { prompt_tokens: 9, completion_tokens: 8, completion_tokens_details: { reasoning_tokens: 7 } },
});
const events = {
  ...level,
  events: json([
    { 'event.name': 'gen_ai.user.message', role: 'user', content: 'first' },
    { 'event.name': 'gen_ai.choice', index: 0, message: { role: 'assistant', content: 'then' } },
  ]),
};

describeConvention(logfire, [
  ['kind', { 'logfire.span_type': 'pending_span' }, 'other'],
  ['kind', { 'logfire.span_type': 'log' }, undefined],
  ['kind', { ...level, request_data: json({ model: 'claude' }) }, 'llm', ofClient('anthropic')],
  ['kind', { ...level, request_data: '{}' }, 'embedding', ofClient('openai', 'Embedding Creation with m')],
  ['kind', started, 'chain', ofClient('anthropic')],
  ['kind', { ...level, request_data: json({ stream: true }), response_data: '{}' }, 'llm', ofClient('anthropic')],
  ['kind', started, 'llm', { ...ofClient('anthropic'), status: { code: 2 } }],
  ['kind', started, undefined, ofClient('mine')],
  ['hasFailed', { 'logfire.level_num': 17 }, true],
  ['hasFailed', { 'logfire.level_num': 16 }, undefined],
  ['errorMessage', { 'logfire.msg': 'downstream timed out' }, 'downstream timed out'],
  ['stream', request, true],
  ['provider', started, 'anthropic', ofClient('anthropic')],
  ['provider', started, undefined, ofClient('mine')],
  ['requestModel', started, 'claude'],
  ['usage.input', counted, 600n],
  ['usage.output', counted, 70n],
  ['usage.cacheRead', counted, 400n],
  ['usage.cacheWrite', counted, 50n],
  ['usage.cacheWrite5m', counted, 20n],
  ['usage.cacheWrite1h', counted, 30n],
  ['usage.reasoning', reasoned, 7n],
  ['responseId', answered({ id: 'r', choices: [{ message: { role: 'assistant', content: 'ho' } }] }), 'r'],
  ['inputMessages', events, says('user', 'first')],
  ['inputMessages', request, says('user', 'hi')],
  ['systemInstructions', request, says('system', 'be')],
  ['toolDefinitions', request, [{ name: 'f' }]],
  ['outputMessages', events, says('assistant', 'then')],
  ['outputMessages', answered({ message: { role: 'assistant', content: 'one' }, usage: {} }), says('assistant', 'one')],
  ['outputMessages', answered({ combined_chunk_content: 'stream', chunk_count: 2 }), says('assistant', 'stream')],
  ['outputMessages', answered({ choices: [{ message: { content: 'whole' } }] }), says('assistant', 'whole')],
  ['labels', { 'logfire.tags': ['beta'] }, { 'tag.beta': 'true' }],
]);

describe('spans of Logfire', () => {
  it('that are pending are no calls, whatever they say', () => {
    const call = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm', 'openinference.span.kind': 'LLM' };
    const { row } = mapSpan(spanOf({ ...call, 'logfire.span_type': 'pending_span' }), 'p');
    expect(row).toMatchObject({ kind: 'other', usage_scope: '' });
    expect(mapSpan(spanOf({ ...call, 'logfire.span_type': 'span' }), 'p').row.kind).toBe('llm');
  });

  it('have no session where it was scrubbed', () => {
    const { row } = mapSpan(spanOf({ ...level, 'session.id': "[Scrubbed due to 'session']" }), 'p');
    expect(row.session_id).toBe('');
  });

  it('keep the schema of their attributes apart', () => {
    const { row } = mapSpan(spanOf({ 'logfire.json_schema': '{}', 'logfire.msg': 'm' }), 'p');
    expect([...row.attributes.keys()]).toEqual(['logfire.msg']);
    expect([...row.content_attributes.keys()]).toEqual(['logfire.json_schema']);
  });
});
