import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openInference } from '../../../../../collector/map/conventions/open-inference.ts';
import { Source } from '../../../../../collector/map/source.ts';
import { mapSpan } from '../../../../../collector/map/span.ts';
import type { SpanRow } from '../../../../../migrations/schema.ts';
import type { WireSpan } from '../../../../support/otlp-encode.ts';
import { spanOf } from '../otlp-fixture.ts';

type Attributes = Record<string, unknown>;

function rowOf(attributes: Attributes, fields: Partial<WireSpan> = {}): SpanRow {
  return mapSpan(spanOf(attributes, fields), 'p').row;
}

/** The row, with the bodies of its messages in place of their hashes. */
function contentOf(attributes: Attributes) {
  const { row, messages } = mapSpan(spanOf(attributes), 'p');
  const bodies = new Map(
    messages.map(({ hash, body }) => [Buffer.from(hash).toString('hex'), JSON.parse(body) as unknown]),
  );
  const read = (hashes: readonly Uint8Array[]) => hashes.map((hash) => bodies.get(Buffer.from(hash).toString('hex')));
  return {
    row,
    system: read(row.system_instructions),
    tools: read(row.tool_definitions),
    input: read(row.input_messages),
    output: read(row.output_messages),
    kept: [...row.attributes.keys(), ...row.attributes_json.keys(), ...row.content_attributes.keys()].toSorted(),
  };
}

const kind = (name: string) => ({ 'openinference.span.kind': name });
const says = (role: string, content: string) => ({ role, parts: [{ type: 'text', content }] });
const json = (value: unknown) => JSON.stringify(value);

describe('an OpenInference span', () => {
  it.each([
    ['LLM', 'llm', ''],
    ['EMBEDDING', 'embedding', ''],
    ['CHAIN', 'chain', ''],
    ['RETRIEVER', 'retriever', ''],
    ['RERANKER', 'retriever', 'rerank'],
    ['TOOL', 'tool', ''],
    ['AGENT', 'agent', ''],
    ['GUARDRAIL', 'guardrail', ''],
    ['EVALUATOR', 'evaluator', ''],
    ['PROMPT', 'chain', 'prompt'],
    ['llm', 'llm', ''],
    ['UNKNOWN', 'other', ''],
    ['constructor', 'other', ''],
  ])('of kind %s is a %s', (name, expected, operation) => {
    expect(rowOf(kind(name))).toMatchObject({ kind: expected, operation, convention: 'openinference' });
  });

  it.each([
    [{ 'llm.model_name': 'm' }, 'llm'],
    [{ 'llm.token_count.prompt': 1 }, 'llm'],
    [{ 'llm.input_messages.0.message.content': 'hi' }, 'llm'],
    [{ 'embedding.model_name': 'm' }, 'embedding'],
    [{ 'embedding.embeddings.0.embedding.text': 'hi' }, 'embedding'],
    [{ 'retrieval.documents.0.document.id': 'd' }, 'retriever'],
    [{ 'reranker.output_documents.0.document.id': 'd' }, 'retriever'],
    [{ 'input.value': 'hi' }, 'other'],
    [{ 'llm.model_name': 'm', 'gen_ai.operation.name': 'invoke_agent' }, 'agent'],
  ])('that names no kind may look like one: %j', (attributes, expected) => {
    expect(rowOf(attributes).kind).toBe(expected);
  });

  it.each(['AGENT', 'CHAIN', 'TOOL', 'GUARDRAIL'])('of kind %s is no model call for having tokens', (name) => {
    expect(rowOf({ ...kind(name), 'llm.model_name': 'm', 'llm.token_count.prompt': 5 })).toMatchObject({
      ...{ usage_scope: 'aggregate', has_usage: true, input_tokens: 5n },
    });
  });

  it.each([{ 'llm.usage.total_tokens': 5 }, { 'llm.request.type': 'chat' }, { 'tool.name': 'f' }, { metadata: '{}' }])(
    'is not known by names of others: %j',
    (attributes) => {
      expect(openInference.read(new Source(spanOf(attributes)))).toBeUndefined();
    },
  );
});

describe('models', () => {
  const models = (attributes: Attributes) => {
    const { request_model, response_model } = rowOf({ ...kind('LLM'), ...attributes });
    return [request_model, response_model];
  };

  it.each<[Attributes, string, string]>([
    [{ 'llm.model_name': 'b' }, '', 'b'],
    [{ 'llm.model_name': 'b', 'llm.request.model_name': 'a' }, 'a', 'b'],
    [{ 'llm.model_name': 'b', 'llm.request.model_name': 'a', 'llm.response.model_name': 'c' }, 'a', 'c'],
    [{ 'llm.model_name': 'b', 'llm.invocation_parameters': json({ model: 'a' }) }, 'a', 'b'],
    [{ 'llm.request.model_name': 'a', 'llm.invocation_parameters': json({ model: 'x' }) }, 'a', ''],
    [{ 'llm.invocation_parameters': json({ model_name: 'a' }) }, 'a', ''],
    [{ 'llm.invocation_parameters': json({ modelId: 'a' }) }, 'a', ''],
    [{ 'llm.invocation_parameters': 'temperature=1' }, '', ''],
    [{ 'llm.model_name': 'a', 'llm.invocation_parameters': json({ model: 'a', stream: true }) }, 'a', ''],
    [{ 'llm.model_name': 'a', 'llm.request.model_name': 'a', 'llm.response.model_name': 'a' }, 'a', 'a'],
    [{ 'llm.model_name': 'a', 'output.value': json({ model: 'c', choices: [{ text: '' }] }) }, '', 'c'],
  ])('of %j', (attributes, request, response) => {
    expect(models(attributes)).toEqual([request, response]);
  });

  it('that embed or rank have names of their own', () => {
    expect(rowOf({ ...kind('EMBEDDING'), 'embedding.model_name': 'a' }).request_model).toBe('a');
    expect(rowOf({ ...kind('EMBEDDING'), 'embedding.invocation_parameters': json({ model: 'a' }) }).request_model).toBe(
      'a',
    );
    expect(rowOf({ ...kind('RERANKER'), 'reranker.model_name': 'a' }).request_model).toBe('a');
  });
});

describe('the provider', () => {
  it.each<[Attributes, string]>([
    [{ 'llm.provider': 'aws', 'llm.system': 'anthropic' }, 'aws.bedrock'],
    [{ 'llm.provider': 'azure', 'llm.system': 'openai' }, 'azure.ai.openai'],
    [{ 'llm.provider': 'azure', 'llm.system': 'mistralai' }, 'azure.ai.inference'],
    [{ 'llm.system': 'vertexai' }, 'gcp.vertex_ai'],
    [{ 'llm.system': 'amazon' }, 'aws.bedrock'],
    [{ 'llm.system': 'mistralai' }, 'mistral_ai'],
    [{ metadata: json({ ls_provider: 'openai' }) }, 'openai'],
    [{ 'llm.system': 'anthropic', metadata: json({ ls_provider: 'openai' }) }, 'anthropic'],
  ])('of %j is %s', (attributes, provider) => {
    expect(rowOf({ ...kind('LLM'), ...attributes }).provider).toBe(provider);
  });
});

describe('counts', () => {
  it.each([
    ['prompt', 'input_tokens'],
    ['completion', 'output_tokens'],
    ['prompt_details.cache_read', 'cache_read_tokens'],
    ['prompt_details.cache_write', 'cache_write_tokens'],
    ['prompt_details.audio', 'input_audio_tokens'],
    ['completion_details.reasoning', 'reasoning_tokens'],
    ['completion_details.audio', 'output_audio_tokens'],
  ] as const)('of %s are %s', (name, column) => {
    const row = rowOf({
      ...kind('LLM'),
      ...{ 'llm.token_count.prompt': 50, 'llm.token_count.completion': 60 },
      [`llm.token_count.${name}`]: 7,
    });
    expect(row[column]).toBe(7n);
    expect(row).toMatchObject({ usage_scope: 'call', has_usage: true });
  });

  it('include cached tokens and reasoning', () => {
    const row = rowOf({
      ...kind('LLM'),
      ...{ 'llm.token_count.prompt': 50, 'llm.token_count.completion': 60, 'llm.token_count.total': 110 },
      ...{ 'llm.token_count.prompt_details.cache_read': 20, 'llm.token_count.completion_details.reasoning': 30 },
    });
    expect(row).toMatchObject({ input_tokens: 50n, output_tokens: 60n });
  });

  it('of written caches are split as the response says', () => {
    const response = (m5: number, h1: number) => ({
      ...kind('LLM'),
      ...{ 'llm.token_count.prompt': 50, 'llm.token_count.prompt_details.cache_write': 7 },
      'output.value': json({
        usage: { cache_creation: { ephemeral_5m_input_tokens: m5, ephemeral_1h_input_tokens: h1 } },
      }),
    });
    expect(rowOf(response(3, 4))).toMatchObject({ cache_write_5m_tokens: 3n, cache_write_1h_tokens: 4n });
    expect(rowOf(response(3, 9))).toMatchObject({ cache_write_5m_tokens: 0n, cache_write_1h_tokens: 0n });
  });

  it('are absent where none was sent', () => {
    expect(rowOf(kind('LLM'))).toMatchObject({ has_usage: false, usage_scope: 'call' });
  });

  it.each<[Attributes, bigint | null]>([
    [{ 'llm.cost.total': 0.5 }, 500_000_000_000n],
    [{ 'llm.cost.prompt': 0.25, 'llm.cost.completion': 0.5 }, 750_000_000_000n],
    [{ 'llm.cost.prompt': 0.25, 'llm.cost.completion': 0.5, 'llm.cost.total': 1 }, 1_000_000_000_000n],
    [{ 'llm.cost.prompt': 0.25 }, null],
    [{ 'llm.cost.total': 'much' }, null],
  ])('of dollars: %j', (attributes, cost) => {
    expect(rowOf({ ...kind('LLM'), ...attributes, 'llm.token_count.prompt': 1 }).reported_cost_usd).toBe(cost);
  });
});

describe('a model call', () => {
  it('tells why it ended, and whether it streamed', () => {
    expect(
      rowOf({ ...kind('LLM'), 'llm.finish_reason': 'tool_use', 'llm.invocation_parameters': json({ stream: true }) }),
    ).toMatchObject({ finish_reasons: ['tool_calls'], stream: true });
    expect(
      rowOf({ ...kind('LLM'), 'output.value': json({ choices: [{ text: '', finish_reason: 'length' }] }) }),
    ).toMatchObject({ finish_reasons: ['length'], stream: false });
  });

  it('has the messages of its flat names, which are not kept as attributes', () => {
    const { input, output, tools, kept } = contentOf({
      ...kind('LLM'),
      'llm.input_messages.10.message.content': 'last',
      'llm.input_messages.2.message.role': 'system',
      'llm.input_messages.2.message.content': 'first',
      'llm.output_messages.0.message.content': 'answer',
      'llm.tools.1.tool.json_schema': json({ name: 'g' }),
      'llm.tools.0.tool.json_schema': json({ name: 'f' }),
      'llm.tools.2.tool.name': 'h',
      'llm.input_messages.x.message.content': 'odd',
    });
    expect(input).toEqual([says('system', 'first'), says('user', 'last')]);
    expect(output).toEqual([says('assistant', 'answer')]);
    expect(tools).toEqual([{ name: 'f' }, { name: 'g' }, { name: 'h' }]);
    expect(kept).toEqual(['llm.input_messages.x.message.content', 'openinference.span.kind']);
  });

  it('may be a completion of text', () => {
    const { input, output, kept } = contentOf({
      ...kind('LLM'),
      'llm.prompts.0.prompt.text': 'once',
      'llm.choices.0.completion.text': 'upon',
    });
    expect([input, output]).toEqual([[says('user', 'once')], [says('assistant', 'upon')]]);
    expect(kept).toEqual(['openinference.span.kind']);
  });

  it('has the messages of its raw request and response where it has no others', () => {
    const { row, system, tools, input, output, kept } = contentOf({
      ...kind('LLM'),
      'input.value': json({ system: 'be', messages: [{ role: 'user', content: 'hi' }], tools: [{ name: 'f' }] }),
      'input.mime_type': 'application/json',
      'output.value': json({ id: 'msg_1', type: 'message', content: [{ type: 'text', text: 'ho' }], extra: 1 }),
      'output.mime_type': 'application/json',
    });
    expect([system, tools]).toEqual([[says('system', 'be')], [{ name: 'f' }]]);
    expect([input, output]).toEqual([[says('user', 'hi')], [says('assistant', 'ho')]]);
    expect(row).toMatchObject({ response_id: 'msg_1', input_value: '', output_value: '' });
    // The request is all in the messages; the response says more.
    expect(kept).toEqual(['input.mime_type', 'openinference.span.kind', 'output.mime_type', 'output.value']);
    expect([...row.content_attributes.keys()]).toEqual(['output.value']);
  });

  it('has texts and unknown JSON whole', () => {
    const { input, output, kept } = contentOf({ ...kind('LLM'), 'input.value': '{"a":{"b":1}}', 'output.value': 'ho' });
    expect(input).toEqual([{ role: 'user', parts: [{ type: 'data', value: { a: { b: 1 } } }] }]);
    expect(output).toEqual([says('assistant', 'ho')]);
    expect(kept).toEqual(['openinference.span.kind']);
  });

  it('takes plain text for what it is', () => {
    const { input } = contentOf({ ...kind('LLM'), 'input.value': '[1]', 'input.mime_type': 'text/plain' });
    expect(input).toEqual([says('user', '[1]')]);
  });

  it('keeps a raw request beside its messages only for what they do not say', () => {
    const messages = { 'llm.input_messages.0.message.content': 'hi' };
    const request = { messages: [{ role: 'user', content: 'hi' }] };
    const kept = (value: unknown) =>
      contentOf({ ...kind('LLM'), ...messages, 'input.value': json(value) }).kept.includes('input.value');
    expect(kept(request)).toBe(false);
    expect(kept({ ...request, seed: 7 })).toBe(true);
  });

  it('keeps parameters apart, as payload', () => {
    const parameters = json({ model: 'm', system: 'be' });
    const { row, system } = contentOf({ ...kind('LLM'), 'llm.invocation_parameters': parameters });
    expect(row.content_attributes.get('llm.invocation_parameters')).toBe(json(parameters));
    expect(system).toEqual([says('system', 'be')]);
  });

  it('has its instructions once', () => {
    const raw = { 'input.value': json({ system: 'be', messages: [{ role: 'user', content: 'hi' }] }) };
    const flat = (role: string) => ({
      'llm.input_messages.0.message.role': role,
      'llm.input_messages.0.message.content': 'be',
    });
    expect(contentOf({ ...kind('LLM'), ...raw, ...flat('user') }).system).toEqual([says('system', 'be')]);
    expect(contentOf({ ...kind('LLM'), ...raw, ...flat('system') }).system).toEqual([]);
  });

  it('has ids of calls that only the raw response has', () => {
    const call = { id: 'c1', function: { name: 'f', arguments: '{}' } };
    const { output } = contentOf({
      ...kind('LLM'),
      'llm.output_messages.0.message.tool_calls.0.tool_call.function.name': 'f',
      'llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments': '{}',
      'output.value': json({ choices: [{ message: { role: 'assistant', tool_calls: [call] } }] }),
    });
    expect(output).toEqual([{ role: 'assistant', parts: [{ type: 'tool_call', id: 'c1', name: 'f', arguments: {} }] }]);
  });
});

describe('a tool', () => {
  it.each<[Attributes, Partial<SpanRow>]>([
    [{ 'tool.name': 'f' }, { tool_name: 'f' }],
    [{}, { tool_name: 'span name' }],
    [{ 'tool_call.id': 'a', 'tool.id': 'b' }, { tool_call_id: 'a' }],
    [{ 'tool.id': 'b' }, { tool_call_id: 'b' }],
    [{ 'input.value': '{"a":1}', 'tool.parameters': '{"b":1}' }, { tool_arguments: '{"a":1}' }],
    [{ 'tool.parameters': '{"b":1}' }, { tool_arguments: '{"b":1}' }],
    [{ 'input.value': '42', 'input.mime_type': 'application/json' }, { tool_arguments: '42' }],
    [{ 'input.value': '42' }, { tool_arguments: '"42"' }],
    [{ 'output.value': 'warm' }, { tool_result: '"warm"' }],
  ])('of %j', (attributes, expected) => {
    expect(rowOf({ ...kind('TOOL'), ...attributes }, { name: 'span name' })).toMatchObject(expected);
  });

  it('has its payloads once', () => {
    const { kept, tools } = contentOf({
      ...kind('TOOL'),
      ...{ 'input.value': '{}', 'output.value': 'warm', 'tool.json_schema': json({ name: 'f' }) },
    });
    expect(kept).toEqual(['openinference.span.kind']);
    expect(tools).toEqual([{ name: 'f' }]);
  });

  it('has the result that LangChain wraps', () => {
    const message = {
      ...{ lc: 1, type: 'constructor', id: ['langchain_core', 'messages', 'ToolMessage'] },
      kwargs: { content: 'warm', tool_call_id: 'c1', status: 'success' },
    };
    for (const output of [message, { output: message }, { type: 'tool', content: 'warm', tool_call_id: 'c1', x: 1 }]) {
      const { row, kept } = contentOf({ ...kind('TOOL'), 'output.value': json(output) });
      expect(row).toMatchObject({ tool_result: '"warm"', tool_call_id: 'c1' });
      expect(kept).toContain('output.value');
    }
  });

  it.each([
    ['handoff to b', { 'tool.name': 'handoff_to_b' }, 'handoff'],
    ['handoff to b', {}, 'handoff'],
    ['handoff to b', { 'tool.name': 'send' }, ''],
    ['handoff_to_b', { 'tool.name': 'handoff_to_b' }, ''],
  ])('named %s with %j has the operation %j', (name, attributes, operation) => {
    expect(rowOf({ ...kind('TOOL'), ...attributes }, { name })).toMatchObject({ kind: 'tool', operation });
    expect(rowOf({ ...kind('AGENT'), ...attributes }, { name }).operation).toBe('');
  });
});

describe('documents', () => {
  const document = (root: string) => ({
    [`${root}.1.document.content`]: 'second',
    [`${root}.0.document.content`]: 'first',
    [`${root}.0.document.id`]: 'd1',
    [`${root}.0.document.score`]: 0.5,
    [`${root}.0.document.metadata`]: '{"source":"s"}',
  });
  const documents = [{ id: 'd1', content: 'first', score: 0.5, metadata: { source: 's' } }, { content: 'second' }];

  it('are what a retriever found', () => {
    const { row, kept } = contentOf({
      ...kind('RETRIEVER'),
      ...document('retrieval.documents'),
      ...{ 'input.value': 'q', 'output.value': json({ documents: [{ pageContent: 'first' }] }) },
    });
    expect(JSON.parse(row.output_value)).toEqual(documents);
    expect(row.input_value).toBe('"q"');
    expect(kept).toEqual(['openinference.span.kind']);
  });

  it('are what a reranker was given and gave back', () => {
    const { row, kept } = contentOf({
      ...kind('RERANKER'),
      ...document('reranker.input_documents'),
      ...document('reranker.output_documents'),
      ...{ 'reranker.query': 'q', 'reranker.top_k': 3 },
    });
    expect(JSON.parse(row.input_value)).toEqual({ query: 'q', documents });
    expect(JSON.parse(row.output_value)).toEqual(documents);
    expect(kept).toEqual(['openinference.span.kind', 'reranker.top_k']);
  });
});

describe('an embedding', () => {
  const vector = Array.from({ length: 20 }, (_, at) => at / 8);

  it('has its texts, and no vectors', () => {
    const { row, kept } = contentOf({
      ...kind('EMBEDDING'),
      'embedding.embeddings.1.embedding.text': 'b',
      'embedding.embeddings.1.embedding.vector': vector,
      'embedding.embeddings.0.embedding.text': 'a',
      'embedding.embeddings.0.embedding.vector': vector,
      'llm.token_count.prompt': 4,
    });
    expect(row).toMatchObject({
      ...{ input_value: '["a","b"]', output_value: '{"vectors":2,"dimensions":20}' },
      ...{ kind: 'embedding', usage_scope: 'call', input_tokens: 4n },
    });
    expect(kept).toEqual(['llm.token_count.prompt', 'openinference.span.kind']);
  });

  it('has its input and output without vectors where it has nothing else', () => {
    const { row, kept } = contentOf({
      ...kind('EMBEDDING'),
      ...{ 'input.value': 'a', 'output.value': json({ data: [{ embedding: vector }] }) },
    });
    expect(row).toMatchObject({ input_value: '"a"', output_value: '{"data":[{"embedding":{"dimensions":20}}]}' });
    expect(kept).toEqual(['openinference.span.kind']);
  });
});

describe('any other kind', () => {
  it.each(['CHAIN', 'AGENT', 'GUARDRAIL', 'EVALUATOR', 'PROMPT'])('%s has its input and output', (name) => {
    const { row, kept } = contentOf({ ...kind(name), 'input.value': '{"a":1}', 'output.value': 'b' });
    expect(row).toMatchObject({ input_value: '{"a":1}', output_value: '"b"' });
    expect(kept).toEqual(['openinference.span.kind']);
  });
});

describe('who', () => {
  it.each<[Attributes, Partial<SpanRow>]>([
    [{ 'session.id': 's', 'metadata.sessionId': 't' }, { session_id: 's' }],
    [{ 'gen_ai.conversation.id': 's', 'metadata.sessionId': 't' }, { session_id: 's' }],
    [{ 'metadata.sessionId': 's', metadata: json({ session_id: 't' }) }, { session_id: 's' }],
    [{ metadata: json({ session_id: 's' }) }, { session_id: 's' }],
    [{ metadata: json({ session_id: 7 }) }, { session_id: '7' }],
    [{ metadata: json({ session_id: {} }) }, { session_id: '' }],
    [{ metadata: 'session_id' }, { session_id: '' }],
    [{ 'user.id': 'u', 'metadata.userId': 'v' }, { user_id: 'u' }],
    [{ 'metadata.userId': 'u' }, { user_id: 'u' }],
    [{ metadata: json({ user_id: 'u' }) }, { user_id: 'u' }],
    [
      { 'agent.name': 'a', 'graph.node.id': 'n' },
      { agent_name: 'a', agent_id: 'n' },
    ],
    [{ 'graph.node.id': 'n' }, { agent_name: 'n', agent_id: 'n' }],
    [
      { 'graph.node.id': 'n', 'graph.node.name': 'a' },
      { agent_name: 'a', agent_id: 'n' },
    ],
    [{}, { agent_name: '', agent_id: '' }],
  ])('%j', (attributes, expected) => {
    expect(rowOf({ ...kind('AGENT'), ...attributes })).toMatchObject(expected);
  });

  it('is an agent only in its own node', () => {
    expect(rowOf({ ...kind('TOOL'), 'graph.node.id': 'n' })).toMatchObject({ agent_name: '', agent_id: '' });
  });
});

it('the order of attributes means nothing', () => {
  const key = fc.constantFrom(
    ...['input.value', 'output.value', 'input.mime_type', 'llm.model_name', 'llm.request.model_name', 'metadata'],
    ...['llm.invocation_parameters', 'llm.token_count.prompt', 'gen_ai.usage.input_tokens', 'gen_ai.input.messages'],
    ...['tool.name', 'llm.tools.0.tool.json_schema', 'retrieval.documents.0.document.id', 'session.id', 'agent.name'],
    ...[0, 1, 2, 10].flatMap((at) => [
      ...['role', 'content', 'tool_call_id', 'contents.0.message_content.text', 'contents.1.message_content.type'].map(
        (field) => `llm.input_messages.${at}.message.${field}`,
      ),
      `llm.output_messages.${at}.message.tool_calls.${at}.tool_call.function.name`,
    ]),
  );
  const value = fc.constantFrom<unknown>(
    ...['a', 'tool', 'system', '{"model":"m","system":"be"}', '[{"role":"user","content":"a"}]', 7, ''],
    ...['{"messages":[{"role":"user","content":"a"}]}', '{"choices":[{"message":{"content":"a"}}],"id":"i"}'],
  );
  const spanKind = fc.constantFrom('LLM', 'TOOL', 'CHAIN', 'RETRIEVER', 'EMBEDDING', 'AGENT', '');
  const attributes = fc
    .tuple(spanKind, fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 25 }))
    .map(([name, entries]) => [['openinference.span.kind', name] as [string, unknown], ...entries]);
  const plain = (entries: [string, unknown][]) => {
    const { row, messages } = mapSpan(spanOf(Object.fromEntries(entries)), 'p');
    const sorted = (map: ReadonlyMap<string, string>) => [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return {
      ...row,
      attributes: sorted(row.attributes),
      attributes_json: sorted(row.attributes_json),
      content_attributes: sorted(row.content_attributes),
      messages: messages.map(({ body }) => body),
    };
  };
  const twice = attributes.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
  );
  fc.assert(
    fc.property(twice, ([sent, shuffled]) => {
      expect(plain(shuffled)).toEqual(plain(sent));
    }),
  );
});
