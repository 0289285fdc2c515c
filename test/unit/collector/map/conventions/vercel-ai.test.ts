import { describe, expect, it } from 'vitest';
import { readSpan } from '../../../../../collector/map/conventions.ts';
import { normaliseUsage } from '../../../../../collector/map/usage.ts';
import { vercelAi } from '../../../../../collector/map/conventions/vercel-ai.ts';
import { describeConvention } from '../describe-convention.ts';
import { eventsOf, spanOf, startNs } from '../otlp-fixture.ts';

const message = (role: string, content: string) => [{ role, parts: [{ type: 'text', content }] }];
const call = { 'ai.operationId': 'ai.generateText.doGenerate' };
const totals = { 'ai.usage.inputTokens': 900 };
const word = (metadata: unknown) => ({ ...call, 'ai.response.providerMetadata': JSON.stringify(metadata) });
const firstChunkAt = (ns: bigint) => {
  const { events = [] } = eventsOf(['ai.stream.firstChunk', {}]);
  return { events: events.map((event) => ({ ...event, timeUnixNano: String(startNs + ns) })) };
};

describeConvention(vercelAi, [
  ['kind', { 'ai.operationId': 'ai.generateText' }, 'agent'],
  ['kind', { 'ai.operationId': 'ai.streamText' }, 'agent'],
  ['kind', { 'ai.operationId': 'ai.generateObject' }, 'chain'],
  ['kind', { 'ai.operationId': 'ai.streamObject' }, 'chain'],
  ['kind', { 'ai.operationId': 'ai.embed' }, 'chain'],
  ['kind', { 'ai.operationId': 'ai.embedMany' }, 'chain'],
  ['kind', { 'ai.operationId': 'ai.rerank' }, 'chain'],
  ['kind', { 'ai.operationId': 'ai.generateText.doGenerate' }, 'llm'],
  ['kind', { 'ai.operationId': 'ai.streamText.doStream' }, 'llm'],
  ['kind', { 'ai.operationId': 'ai.generateObject.doGenerate' }, 'llm'],
  ['kind', { 'ai.operationId': 'ai.streamObject.doStream' }, 'llm'],
  ['kind', { 'ai.operationId': 'ai.embed.doEmbed' }, 'embedding'],
  ['kind', { 'ai.operationId': 'ai.embedMany.doEmbed' }, 'embedding'],
  ['kind', { 'ai.operationId': 'ai.rerank.doRerank' }, 'retriever'],
  ['kind', { 'ai.operationId': 'ai.toolCall' }, 'tool'],
  ['kind', { 'operation.name': 'ai.streamText.doStream my fn', 'ai.x': 1 }, 'llm'],
  ['kind', { 'operation.name': 'doStream', 'ai.x': 1 }, undefined],
  ['operation', { 'ai.operationId': 'ai.toolCall' }, 'execute_tool'],
  ['operation', { 'operation.name': 'ai.generateText my-agent', 'ai.x': 1 }, 'invoke_agent'],
  ['provider', { 'ai.model.provider': 'anthropic.messages' }, 'anthropic'],
  ['requestModel', { 'ai.model.id': 'gpt-5' }, 'gpt-5'],
  ['responseModel', { 'ai.response.model': 'gpt-5-2025' }, 'gpt-5-2025'],
  ['responseId', { 'ai.response.id': 'chatcmpl-1' }, 'chatcmpl-1'],
  ['finishReasons', { 'ai.response.finishReason': 'tool-calls' }, ['tool_calls']],
  ['finishReasons', { 'ai.finishReason': 'content-filter' }, ['content_filter']],
  ['stream', { 'ai.operationId': 'ai.streamText' }, true],
  ['stream', { 'ai.operationId': 'ai.streamObject.doStream' }, true],
  ['stream', { 'ai.operationId': 'ai.generateText' }, undefined],
  ['stream', { 'ai.response.msToFirstChunk': 250 }, true],
  ['stream', { 'ai.stream.msToFirstChunk': 260 }, true],
  ['timeToFirstTokenNs', { 'ai.response.msToFirstChunk': 250.5 }, 250_500_000n],
  ['timeToFirstTokenNs', { 'ai.stream.msToFirstChunk': 260 }, 260_000_000n],
  ['timeToFirstTokenNs', { 'ai.x': 1 }, 270n, firstChunkAt(270n)],

  ['usage.input', { 'ai.usage.inputTokens': 101 }, 101n],
  ['usage.input', { 'ai.usage.promptTokens': 102 }, 102n],
  ['usage.input', { 'ai.usage.tokens': 103 }, 103n],
  ['usage.output', { 'ai.usage.outputTokens': 104 }, 104n],
  ['usage.output', { 'ai.usage.completionTokens': 105 }, 105n],
  ['usage.cacheRead', { ...totals, 'ai.usage.inputTokenDetails.cacheReadTokens': 106 }, 106n],
  ['usage.cacheRead', { ...totals, 'ai.usage.cachedInputTokens': 107 }, 107n],
  ['usage.cacheRead', word({ anthropic: { usage: { cache_read_input_tokens: 108 } } }), 108n],
  ['usage.cacheRead', word({ openai: { cachedPromptTokens: 109 } }), 109n],
  ['usage.cacheRead', word({ bedrock: { usage: { cacheReadInputTokens: 110 } } }), 110n],
  ['usage.cacheRead', word({ google: { usageMetadata: { cachedContentTokenCount: 111 } } }), 111n],
  ['usage.cacheRead', word({ deepseek: { promptCacheHitTokens: 112 } }), 112n],
  ['usage.cacheWrite', { ...totals, 'ai.usage.inputTokenDetails.cacheWriteTokens': 113 }, 113n],
  ['usage.cacheWrite', word({ anthropic: { usage: { cache_creation_input_tokens: 114 } } }), 114n],
  ['usage.cacheWrite', word({ anthropic: { cacheCreationInputTokens: 115, cacheReadInputTokens: 116 } }), 115n],
  ['usage.cacheWrite', word({ bedrock: { usage: { cacheWriteInputTokens: 117 } } }), 117n],
  ['usage.cacheWrite5m', word({ anthropic: { usage: cacheCreation(118, 119) } }), 118n],
  ['usage.cacheWrite1h', word({ anthropic: { usage: cacheCreation(118, 119) } }), 119n],
  ['usage.reasoning', { ...totals, 'ai.usage.outputTokenDetails.reasoningTokens': 120 }, 120n],
  ['usage.reasoning', { ...totals, 'ai.usage.reasoningTokens': 121 }, 121n],
  ['usage.reasoning', word({ openai: { reasoningTokens: 122 } }), 122n],
  ['usage.reasoning', word({ google: { usageMetadata: { thoughtsTokenCount: 123 } } }), 123n],
  // The span of a step has the details without what they are details of.
  ['usage.reasoning', { 'ai.usage.outputTokenDetails.reasoningTokens': 124 }, undefined],
  // A loop has the word of its last call.
  [
    'usage.cacheRead',
    { ...word({ openai: { cachedPromptTokens: 125 } }), 'ai.operationId': 'ai.streamText' },
    undefined,
  ],
  ['usage.total', { 'ai.usage.totalTokens': 126 }, 126n],
  ['serviceTier', word({ openai: { serviceTier: 'flex' } }), 'flex'],
  ['serviceTier', word({ anthropic: { usage: { service_tier: 'priority' } } }), 'priority'],

  ['sessionId', { 'ai.telemetry.metadata.sessionId': 's1' }, 's1'],
  ['sessionId', { 'ai.telemetry.metadata.session_id': 's2' }, 's2'],
  ['sessionId', { 'ai.telemetry.metadata.threadId': 's3' }, 's3'],
  ['sessionId', { 'ai.settings.context.sessionId': 's4' }, 's4'],
  ['sessionId', { 'ai.settings.context.session_id': 's5' }, 's5'],
  ['sessionId', { 'ai.settings.context.threadId': 's6' }, 's6'],
  ['userId', { 'ai.telemetry.metadata.userId': 'u1' }, 'u1'],
  ['userId', { 'ai.telemetry.metadata.user_id': 'u2' }, 'u2'],
  ['userId', { 'ai.settings.context.userId': 'u3' }, 'u3'],
  ['userId', { 'ai.settings.context.user_id': 'u4' }, 'u4'],
  ['agentName', { ...call, 'ai.telemetry.functionId': 'support' }, 'support'],
  ['agentName', { 'operation.name': 'ai.streamText triage', 'ai.telemetry.functionId': 'triage' }, 'triage'],
  ['agentName', { 'ai.operationId': 'ai.embed', 'ai.telemetry.functionId': 'search' }, undefined],
  ['labels', { 'ai.telemetry.metadata.plan': 'pro', 'ai.telemetry.metadata.userId': 'u' }, { plan: 'pro' }],
  ['labels', { 'ai.telemetry.metadata.tags': ['beta', 'eu'] }, { 'tag.beta': 'true', 'tag.eu': 'true' }],
  ['labels', { 'ai.settings.context.tenant': 'acme', 'ai.settings.context.sessionId': 's' }, { tenant: 'acme' }],
  ['labels', { 'ai.settings.context.tags': '["new"]' }, { 'tag.new': 'true' }],

  ['toolName', { 'ai.toolCall.name': 'search' }, 'search'],
  ['toolCallId', { 'ai.toolCall.id': 'call_1' }, 'call_1'],
  ['toolArguments', { 'ai.toolCall.args': '{"q":1}' }, { q: 1 }],
  ['toolResult', { 'ai.toolCall.result': '"done"' }, 'done'],
  ['inputValue', { 'ai.value': '"one"' }, 'one'],
  ['inputValue', { 'ai.values': ['"one"', '"two"'] }, ['one', 'two']],
  ['inputValue', { 'ai.documents': ['"text"', '{"id":1}'] }, ['text', { id: 1 }]],
  ['outputValue', { 'ai.ranking': ['{"index":1,"relevanceScore":0.5}'] }, [{ index: 1, relevanceScore: 0.5 }]],

  ['inputMessages', { 'ai.prompt.messages': '[{"role":"user","content":"inner"}]' }, message('user', 'inner')],
  ['inputMessages', { 'ai.prompt': '{"system":"be","prompt":"outer"}' }, message('user', 'outer')],
  ['inputMessages', { 'ai.prompt': 'plain' }, message('user', 'plain')],
  ['systemInstructions', { 'ai.prompt': '{"system":"be brief"}' }, message('system', 'be brief')],
  ['toolDefinitions', { 'ai.prompt.tools': ['{"name":"f"}', '{"name":"g"}'] }, [{ name: 'f' }, { name: 'g' }]],
  ['outputMessages', { 'ai.response.text': 'yes' }, message('assistant', 'yes')],
  ['outputMessages', { 'ai.response.text': '', 'ai.response.object': '{"a":1}' }, message('assistant', '{"a":1}')],
  ['outputMessages', { 'ai.result.text': 'old' }, message('assistant', 'old')],
  ['outputMessages', { 'ai.response.text': '', 'ai.result.text': '' }, undefined],
]);

function cacheCreation(in5m: number, in1h: number) {
  return { cache_creation: { ephemeral_5m_input_tokens: in5m, ephemeral_1h_input_tokens: in1h } };
}

describe('the input count of the AI SDK', () => {
  const anthropic = {
    ...{ ...call, 'ai.model.provider': 'anthropic.messages', 'gen_ai.system': 'anthropic.messages' },
    ...{ 'ai.usage.outputTokens': 38, 'gen_ai.usage.output_tokens': 38 },
  };
  const counts = (input: number) => ({ 'ai.usage.inputTokens': input, 'gen_ai.usage.input_tokens': input });
  const usageOf = (attributes: Record<string, unknown>) => {
    const { input, cacheRead, cacheWrite } =
      normaliseUsage(readSpan(spanOf(attributes, {}, { scope: { name: 'ai' } })).reading.usage ?? {}) ?? {};
    return { input, cacheRead, cacheWrite };
  };
  const said = (usage: Record<string, number>, more = {}) => ({
    'ai.response.providerMetadata': JSON.stringify({ anthropic: { usage, ...more } }),
  });

  it('is of Anthropic without the cached tokens in version 5, under both names', () => {
    const v5 = { ...anthropic, ...counts(325), 'ai.usage.cachedInputTokens': 64, 'ai.usage.totalTokens': 363 };
    const usage = { input_tokens: 325, cache_creation_input_tokens: 48, cache_read_input_tokens: 64 };
    const all = { input: 437n, cacheRead: 64n, cacheWrite: 48n };
    expect(usageOf({ ...v5, ...said(usage, { cacheCreationInputTokens: 48 }) })).toEqual(all);
    expect(usageOf({ ...v5, 'ai.request.headers.user-agent': 'ai/5.0.44' })).toEqual({
      ...all,
      input: 389n,
      cacheWrite: 0n,
    });
  });

  it('is of Anthropic without the cached tokens in version 4', () => {
    expect(
      usageOf({
        ...{ ...call, 'ai.model.provider': 'anthropic.messages' },
        ...{ 'ai.usage.promptTokens': 325, 'ai.usage.completionTokens': 38, 'gen_ai.usage.input_tokens': 325 },
        'ai.response.providerMetadata': '{"anthropic":{"cacheCreationInputTokens":48,"cacheReadInputTokens":64}}',
      }),
    ).toEqual({ input: 437n, cacheRead: 64n, cacheWrite: 48n });
  });

  it('includes them from version 6 on, also where no details are given', () => {
    const all = { input: 437n, cacheRead: 64n, cacheWrite: 48n };
    const usage = { input_tokens: 325, cache_creation_input_tokens: 48, cache_read_input_tokens: 64 };
    const ofObject = { ...anthropic, ...counts(437), 'ai.usage.cachedInputTokens': 64, ...said(usage) };
    expect(usageOf(ofObject)).toEqual(all);
    const details = {
      'ai.usage.inputTokenDetails.cacheReadTokens': 64,
      'ai.usage.inputTokenDetails.cacheWriteTokens': 48,
    };
    expect(usageOf({ ...anthropic, ...counts(437), ...details })).toEqual(all);
    const bySdk = { 'ai.usage.cachedInputTokens': 64, 'ai.request.headers.user-agent': 'app ai/6.0.326' };
    expect(usageOf({ ...anthropic, ...counts(437), ...bySdk })).toEqual({ ...all, cacheWrite: 0n });
  });

  it('includes them of other providers', () => {
    const openai = { ...anthropic, 'ai.model.provider': 'openai.chat', 'gen_ai.system': 'openai' };
    expect(usageOf({ ...openai, ...counts(437), 'ai.usage.cachedInputTokens': 64 })).toMatchObject({ input: 437n });
  });
});

it('splits cache writes by their lifetime where the provider says it beside the names of OpenTelemetry', () => {
  const { reading } = readSpan(
    spanOf({
      ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.usage.input_tokens': 373, 'gen_ai.usage.output_tokens': 38 },
      'gen_ai.usage.cache_creation.input_tokens': 48,
      'ai.response.providerMetadata': JSON.stringify({
        anthropic: { usage: { input_tokens: 325, cache_creation_input_tokens: 48, ...cacheCreation(40, 8) } },
      }),
    }),
  );
  expect(normaliseUsage(reading.usage ?? {})).toMatchObject({
    ...{ input: 373n, cacheWrite: 48n, cacheWrite5m: 40n, cacheWrite1h: 8n },
  });
});
