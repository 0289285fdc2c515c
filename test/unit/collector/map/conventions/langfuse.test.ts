import { describe, expect, it } from 'vitest';
import { langfuse } from '../../../../../collector/map/conventions/langfuse.ts';
import { mapSpan } from '../../../../../collector/map/span.ts';
import type { SpanRow } from '../../../../../migrations/schema.ts';
import { describeConvention } from '../describe-convention.ts';
import { spanOf } from '../otlp-fixture.ts';

const observation = (type: string, fields: Record<string, unknown> = {}) => ({
  'langfuse.observation.type': type,
  ...Object.fromEntries(Object.entries(fields).map(([key, value]) => [`langfuse.observation.${key}`, value])),
});
const call = (fields: Record<string, unknown>) => observation('generation', fields);
const usage = (details: object) => call({ usage_details: JSON.stringify(details) });
const says = (role: string, content: string) => ({ role, parts: [{ type: 'text', content }] });
const json = (value: unknown) => JSON.stringify(value);
const answer = (more: object = {}) =>
  json({ id: 'r', model: 'answered', choices: [{ message: { content: 'ho' }, finish_reason: 'length' }], ...more });
const toolMessage = json({ type: 'tool', content: 'warm', tool_call_id: 'c1' });
const request = json({ system: 'be', messages: [{ role: 'user', content: 'hi' }], tools: [{ name: 'f' }] });
const startedAt = 1_700_000_000_000;
const started = { startTimeUnixNano: String(BigInt(startedAt) * 1_000_000n) };
const label = (key: string, value: string, attribute: string, sent: unknown = value) =>
  ['labels', { ...observation('span'), [attribute]: sent }, { [key]: value }] as const;

describeConvention(langfuse, [
  ['kind', observation('generation'), 'llm'],
  ['kind', observation('event'), 'other'],
  ['kind', observation('embedding'), 'embedding'],
  ['kind', observation('AGENT'), 'agent'],
  ['kind', observation('tool'), 'tool'],
  ['kind', observation('chain'), 'chain'],
  ['kind', observation('retriever'), 'retriever'],
  ['kind', observation('guardrail'), 'guardrail'],
  ['kind', observation('evaluator'), 'evaluator'],
  ['kind', observation('span'), undefined],
  ['likelyKind', observation('span', { usage_details: '{"input":1}' }), 'llm'],
  ['likelyKind', observation('span', { 'model.name': 'gpt-5' }), 'llm'],
  ['provider', call({ 'metadata.ls_provider': 'azure-openai' }), 'azure.ai.openai'],
  ['requestModel', call({ 'metadata.ls_model_name': 'gpt-5' }), 'gpt-5'],
  ['requestModel', call({ 'model.name': 'gpt-5-2025' }), 'gpt-5-2025'],
  ['responseModel', call({ output: answer() }), 'answered'],
  ['responseModel', call({ 'model.name': 'gpt-5-2025' }), 'gpt-5-2025'],
  ['responseModel', call({ 'model.name': 'gpt-5', 'model.parameters': '{"stream":true}' }), undefined],
  ['responseModel', call({ 'model.name': 'gpt-5', level: 'ERROR' }), undefined],
  ['responseModel', call({ 'model.name': 'gpt-5' }), undefined, { status: { code: 2 } }],
  ['responseModel', call({ 'model.name': 'gpt-5', completion_start_time: '"2026-01-01T00:00:00Z"' }), undefined],
  [
    'responseModel',
    call({ 'model.name': 'gpt-5-2025', 'metadata.ls_model_name': 'gpt-5', 'model.parameters': '{"stream":true}' }),
    'gpt-5-2025',
  ],
  ['responseId', call({ output: answer() }), 'r'],
  ['finishReasons', call({ output: answer() }), ['length']],
  ['stream', call({ completion_start_time: '"2026-01-01T00:00:00Z"' }), true],
  ['stream', call({ 'model.parameters': '{"stream":true}' }), true],
  ['stream', call({ 'model.parameters': '{"stream":false}' }), undefined],
  [
    'timeToFirstTokenNs',
    call({ completion_start_time: json(new Date(startedAt + 250).toISOString()) }),
    250_000_000n,
    started,
  ],
  ['serviceTier', call({ output: answer({ service_tier: 'flex' }) }), 'flex'],
  ['serviceTier', call({ 'model.parameters': '{"service_tier":"priority"}' }), 'priority'],

  ['usage.input', usage({ input: 101 }), 101n],
  ['usage.output', usage({ output: 102 }), 102n],
  ['usage.cacheRead', usage({ input_cached_tokens: 103 }), 103n],
  ['usage.cacheWrite', usage({ input_cache_creation: 104 }), 104n],
  ['usage.cacheWrite5m', usage({ input_cache_creation_5m: 105 }), 105n],
  ['usage.cacheWrite1h', usage({ input_cache_creation_1h: 106 }), 106n],
  ['usage.reasoning', usage({ output_reasoning_tokens: 107 }), 107n],
  ['usage.inputAudio', usage({ input_audio_tokens: 108 }), 108n],
  ['usage.outputAudio', usage({ output_audio_tokens: 109 }), 109n],
  ['reportedCostUsd', call({ cost_details: '{"input":0.25,"total":0.5}' }), 0.5],
  ['reportedCostUsd', call({ cost_details: '{"input":0.25,"output":0.125}' }), 0.375],

  ['sessionId', { ...observation('span'), 'langfuse.session.id': 's' }, 's'],
  ['sessionId', { ...observation('span'), 'langfuse.session.id': "[Scrubbed due to 'session']" }, undefined],
  ['userId', { ...observation('span'), 'langfuse.user.id': 'u' }, 'u'],
  ['agentName', observation('agent', { 'metadata.lc_agent_name': 'support' }), 'support'],
  ['agentName', observation('agent'), 'weather', { name: 'weather' }],
  ['agentName', observation('chain'), undefined, { name: 'weather' }],
  ['environment', { ...observation('span'), 'langfuse.environment': 'staging' }, 'staging'],
  ['environment', { ...observation('span'), 'langfuse.environment': 'default' }, undefined],
  ['hasFailed', observation('span', { level: 'ERROR' }), true],
  ['hasFailed', observation('span', { level: 'WARNING' }), undefined],
  ['errorMessage', observation('span', { status_message: 'timed out' }), 'timed out'],

  ['toolName', observation('tool'), 'search', { name: 'search' }],
  ['toolCallId', observation('tool', { output: toolMessage }), 'c1'],
  ['toolCallId', observation('tool', { 'metadata.tool_call_id': 'c2' }), 'c2'],
  ['toolCallId', observation('tool', { 'metadata.call_id': 'c3' }), 'c3'],
  ['toolCallId', observation('span', { 'metadata.call_id': 'c3' }), undefined],
  ['toolArguments', observation('tool', { input: '{"q":1}' }), { q: 1 }],
  ['toolResult', observation('tool', { output: toolMessage }), 'warm'],
  ['toolResult', observation('tool', { output: '42' }), '42'],

  ['inputMessages', call({ input: request }), [says('user', 'hi')]],
  ['inputMessages', call({ input: '[{"role":"user","content":"list"}]' }), [says('user', 'list')]],
  ['inputMessages', call({ input: 'text' }), [says('user', 'text')]],
  ['inputMessages', call({ input: '{"a":1}' }), [{ role: 'user', parts: [{ type: 'data', value: { a: 1 } }] }]],
  ['systemInstructions', call({ input: request }), [says('system', 'be')]],
  ['toolDefinitions', call({ input: request }), [{ name: 'f' }]],
  ['outputMessages', call({ output: answer() }), [says('assistant', 'ho')]],
  ['outputMessages', call({ output: '{"role":"assistant","content":"one"}' }), [says('assistant', 'one')]],
  ['outputMessages', call({ output: '[{"role":"assistant","content":"list"}]' }), [says('assistant', 'list')]],
  ['outputMessages', call({ output: 'text' }), [says('assistant', 'text')]],

  ['inputValue', observation('chain', { input: '{"a":1}' }), { a: 1 }],
  ['inputValue', { ...observation('chain'), 'langfuse.trace.input': 'whole' }, 'whole'],
  ['outputValue', observation('chain', { output: '[1]' }), [1]],
  ['outputValue', { ...observation('chain'), 'langfuse.trace.output': 'whole' }, 'whole'],

  label('tag.beta', 'true', 'langfuse.trace.tags', ['beta']),
  label('tag.alpha', 'true', 'langfuse.tags', '["alpha"]'),
  label('tenant', 'a', 'langfuse.trace.metadata.tenant'),
  label('tenant', 'b', 'langfuse.trace.metadata', '{"tenant":"b"}'),
  label('tenant', 'c', 'langfuse.metadata.tenant'),
  label('tenant', 'd', 'langfuse.metadata', '{"tenant":"d","list":[1]}'),
  label('tenant', 'e', 'langfuse.observation.metadata.tenant'),
  label('tenant', 'f', 'langfuse.observation.metadata', '{"tenant":"f"}'),
  label('trace.name', 'support', 'langfuse.trace.name'),
  label('release', 'v1', 'langfuse.release'),
  label('version', '2', 'langfuse.version'),
  label('prompt.name', 'greeting', 'langfuse.observation.prompt.name'),
  label('prompt.version', '3', 'langfuse.observation.prompt.version', 3),
  label('experiment.id', 'x', 'langfuse.experiment.id'),
  label('experiment.name', 'y', 'langfuse.experiment.name'),
  label('experiment.dataset.id', 'z', 'langfuse.experiment.dataset.id'),
  label('experiment.item.id', 'i', 'langfuse.experiment.item.id'),
]);

function rowOf(attributes: Record<string, unknown>): SpanRow {
  return mapSpan(spanOf(attributes), 'p').row;
}

describe('usage details of Langfuse', () => {
  /** input, output, cache read, cache write, 5 minutes, 1 hour, reasoning. */
  it.each<[string, object, number[]]>([
    ['nothing but sides', { input: 10, output: 5, total: 15 }, [10, 5]],
    ['older names of the sides', { promptTokens: 10, completionTokens: 5, totalTokens: 15 }, [10, 5]],
    [
      'buckets apart',
      { input: 93, output: 25, input_cached_tokens: 64, output_reasoning_tokens: 8 },
      [157, 33, 64, 0, 0, 0, 8],
    ],
    ["LangChain's buckets", { input: 40, input_cache_read: 50, input_cache_creation: 6, output: 2 }, [96, 2, 50, 6]],
    [
      "Anthropic's own names",
      { input_tokens: 2, output_tokens: 714, cache_read_input_tokens: 400, cache_creation_input_tokens: 76 },
      [478, 714, 400, 76],
    ],
    [
      "Anthropic's own names with how long what is written lives",
      {
        ...{ input_tokens: 2, output_tokens: 7, cache_read_input_tokens: 0, cache_creation_input_tokens: 76 },
        cache_creation: { ephemeral_5m_input_tokens: 16, ephemeral_1h_input_tokens: 60 },
      },
      [78, 7, 0, 76, 16, 60],
    ],
    [
      'writes by how long they live',
      { input: 2, input_cache_creation: 0, input_cache_creation_5m: 10, input_cache_creation_1h: 20, output: 1 },
      [32, 1, 0, 30, 10, 20],
    ],
    [
      "Bedrock's names",
      { inputTokens: 5, outputTokens: 6, cacheReadInputTokens: 7, cacheWriteInputTokens: 8 },
      [20, 6, 7, 8],
    ],
    [
      "OpenAI's chat names",
      {
        ...{ prompt_tokens: 157, completion_tokens: 33, total_tokens: 190 },
        ...{ prompt_tokens_details: { cached_tokens: 64 }, completion_tokens_details: { reasoning_tokens: 8 } },
      },
      [157, 33, 64, 0, 0, 0, 8],
    ],
    [
      "OpenRouter's names",
      {
        ...{ prompt_tokens: 157, completion_tokens: 33, total_tokens: 190, cost: 0.01, reasoning_tokens: 8 },
        prompt_tokens_details: { cached_tokens: 64, cache_creation_tokens: 9 },
      },
      [157, 33, 64, 9, 0, 0, 8],
    ],
    ["Bedrock's older names", { inputTokenCount: 5, outputTokenCount: 6, totalTokenCount: 11 }, [5, 6]],
    ['the cache as it is called by some', { input: 5, output: 6, cache_read: 7, cache_write: 8 }, [20, 6, 7, 8]],
    ["OpenAI's chat names without details", { prompt_tokens: 157, completion_tokens: 33 }, [157, 33]],
    [
      "OpenAI's names with Anthropic's beside them",
      { prompt_tokens: 157, completion_tokens: 33, cache_read_input_tokens: 64, cache_creation_input_tokens: 9 },
      [157, 33, 64, 9],
    ],
    [
      "OpenAI's responses",
      {
        ...{ input_tokens: 157, output_tokens: 33, total_tokens: 190 },
        ...{ input_tokens_details: { cached_tokens: 64 }, output_tokens_details: { reasoning_tokens: 8 } },
      },
      [157, 33, 64, 0, 0, 0, 8],
    ],
    [
      "LangChain's own names",
      {
        ...{ input_tokens: 100, output_tokens: 20, output_token_details: { reasoning: 8 } },
        input_token_details: { cache_read: 30, cache_creation: 0, ephemeral_1h_input_tokens: 12 },
      },
      [100, 20, 30, 12, 0, 12, 8],
    ],
    [
      "Google's names",
      { prompt_token_count: 50, cached_content_token_count: 20, candidates_token_count: 30, thoughts_token_count: 10 },
      [50, 40, 20, 0, 0, 0, 10],
    ],
    [
      'cached tokens within the input, as the total says',
      { input: 100, output: 5, input_cached_tokens: 60, total: 105 },
      [100, 5, 60],
    ],
    [
      'reasoning within the output, as the total says',
      { input: 3, output: 9, output_reasoning: 4, total: 12 },
      [3, 9, 0, 0, 0, 0, 4],
    ],
    [
      'reasoning beside the output, as the total says',
      { input: 3, output: 9, thoughts: 4, total: 16 },
      [3, 13, 0, 0, 0, 0, 4],
    ],
    ['reasoning that names no side', { input: 3, output: 9, reasoning_tokens: 4 }, [3, 9, 0, 0, 0, 0, 4]],
    ['buckets of any name', { input: 3, input_image: 4, output: 5, output_video: 6, searches: 7 }, [7, 11]],
    ['counts in digits', { input: '3', output: '9' }, [3, 9]],
  ])('%s', (_name, details, expected) => {
    const row = rowOf(usage(details));
    const [input = 0, output = 0, read = 0, written = 0, fiveMinutes = 0, oneHour = 0, reasoning = 0] = expected;
    expect([row.input_tokens, row.output_tokens, row.cache_read_tokens, row.cache_write_tokens].map(Number)).toEqual([
      ...[input, output, read, written],
    ]);
    expect([row.cache_write_5m_tokens, row.cache_write_1h_tokens, row.reasoning_tokens].map(Number)).toEqual([
      ...[fiveMinutes, oneHour, reasoning],
    ]);
    expect(row.attributes.get('langfuse.observation.usage_details')).toBe(json(details));
  });

  it('of no numbers are none', () => {
    expect(rowOf(usage({ input: null, output: 'many' }))).toMatchObject({ has_usage: false });
    expect(rowOf(call({ usage_details: 'many' }))).toMatchObject({ has_usage: false });
  });

  it('are believed before the counts of another instrumentation of the span', () => {
    const both = { 'gen_ai.usage.input_tokens': 7, 'langfuse.observation.usage_details': '{"input":9}' };
    expect(rowOf({ ...observation('generation'), ...both }).input_tokens).toBe(9n);
    expect(rowOf(both).input_tokens).toBe(7n);
  });
});

describe('spans of Langfuse', () => {
  it('that are of another SDK keep its convention', () => {
    const row = rowOf({ 'gen_ai.operation.name': 'chat', 'langfuse.environment': 'staging', 'langfuse.release': 'v9' });
    expect(row).toMatchObject({ convention: 'otel-gen-ai', kind: 'llm', environment: 'staging' });
    expect(row.labels).toEqual(new Map([['release', 'v9']]));
  });

  it('of the type span are what another convention says', () => {
    expect(rowOf({ ...observation('span'), 'gen_ai.operation.name': 'execute_tool' }).kind).toBe('tool');
    expect(rowOf({ ...observation('agent'), 'gen_ai.operation.name': 'chat' }).kind).toBe('agent');
    expect(rowOf(observation('span')).kind).toBe('other');
  });

  it.each([
    ['no type', {}],
    ['the type span', observation('span')],
  ])('of %s may be a model call', (_name, type) => {
    const { 'langfuse.observation.type': _type, ...untyped } = call({ 'model.name': 'm', input: 'hi', output: 'ho' });
    const row = rowOf({ ...type, ...untyped });
    expect(row).toMatchObject({ kind: 'llm', request_model: 'm' });
    expect([row.input_messages.length, row.output_messages.length]).toEqual([1, 1]);
  });

  it('have their trace’s input once', () => {
    const row = rowOf({
      ...call({ input: '[{"role":"user","content":"hi"}]' }),
      'langfuse.trace.input': '"hi"',
    });
    expect(row).toMatchObject({ input_value: '', content_attributes: new Map() });
    expect([...row.attributes.keys()]).toEqual(['langfuse.observation.type']);
  });

  it('have no cost where nothing was counted and all is 0', () => {
    const free = { cost_details: '{"input":0,"total":0}' };
    expect(rowOf(call(free)).reported_cost_usd).toBeNull();
    expect(rowOf(call({ ...free, usage_details: '{"input":1}' })).reported_cost_usd).toBe(0n);
  });

  it('fail by their level though their status is unset', () => {
    expect(rowOf(observation('span', { level: 'ERROR', status_message: 'timed out' }))).toMatchObject({
      ...{ status: 'error', status_message: 'timed out' },
    });
  });
});

describe('messages of Langfuse', () => {
  const bodiesOf = (attributes: Record<string, unknown>) =>
    mapSpan(spanOf(attributes), 'p').messages.map(({ body }) => JSON.parse(body) as unknown);

  it('know a tool by its name where LangChain puts that for the role', () => {
    const calls = ['a', 'b'].map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } }));
    const result = (content: string) => ({ role: 'f', content, additional_kwargs: {} });
    const input = json({
      messages: [{ role: 'assistant', content: '', tool_calls: calls }, result('1'), result('2'), result('3')],
    });
    const answers = ['a', 'b', null].map((id, at) => ({
      ...{ role: 'tool' },
      parts: [{ type: 'tool_call_response', id, name: 'f', result: String(at + 1) }],
    }));
    expect(bodiesOf(call({ input })).slice(1)).toEqual(answers);
  });

  it('have the arguments and the tools as LangChain for Python writes them', () => {
    const tool = { type: 'function', function: { name: 'f' } };
    const input = json([
      { role: 'assistant', content: '', tool_calls: [{ name: 'f', args: { q: 1 }, id: 'a', type: 'tool_call' }] },
      { role: 'tool', content: '{"r":1}', tool_call_id: 'a' },
      { role: 'tool', content: tool },
    ]);
    const bodies = bodiesOf(call({ input }));
    expect(bodies).toContainEqual({
      role: 'assistant',
      parts: [{ type: 'tool_call', id: 'a', name: 'f', arguments: { q: 1 } }],
    });
    expect(bodies).toContainEqual({
      role: 'tool',
      parts: [{ type: 'tool_call_response', id: 'a', result: { r: 1 } }],
    });
    expect(bodies).toContainEqual(tool);
    expect(bodies).toHaveLength(3);
  });

  it('name files that Langfuse keeps elsewhere', () => {
    const url = '@@@langfuseMedia:type=image/jpeg|id=abc|source=base64_data_uri@@@';
    const input = json([{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }]);
    expect(bodiesOf(call({ input }))).toEqual([
      {
        role: 'user',
        parts: [{ type: 'media', modality: 'image', mime_type: 'image/jpeg', file_id: 'abc' }],
      },
    ]);
  });
});
