import { langsmith } from '../../../../../collector/map/conventions/langsmith.ts';
import { describeConvention, type Said } from '../describe-convention.ts';

const kindOf = (kind: string, expected: string | undefined): Said => [
  'kind',
  { 'langsmith.span.kind': kind },
  expected,
];
const usage = (counts: unknown) => ({ 'langsmith.usage_metadata': JSON.stringify(counts) });
const parts = (side: 'input' | 'output', counts: unknown) => ({
  'langsmith.x': 1,
  [`gen_ai.usage.${side}_token_details`]: JSON.stringify(counts),
});

/** The exporter in Python 0.4 to 0.15 writes counts so. */
const python = { 'langsmith.span.kind': 'llm' };

describeConvention(langsmith, [
  kindOf('llm', 'llm'),
  kindOf('chain', 'chain'),
  kindOf('tool', 'tool'),
  kindOf('retriever', 'retriever'),
  kindOf('embedding', 'embedding'),
  kindOf('prompt', 'chain'),
  kindOf('parser', 'chain'),
  kindOf('LLM', 'llm'),
  // Where OpenTelemetry's name is there it counts, but LangSmith calls prompts and retrievers what they are not.
  ['kind', { 'langsmith.span.kind': 'chain', 'gen_ai.operation.name': 'invoke_agent' }, undefined],
  ['kind', { 'langsmith.span.kind': 'retriever', 'gen_ai.operation.name': 'embeddings' }, 'retriever'],
  ['kind', { 'langsmith.span.kind': 'prompt', 'gen_ai.operation.name': 'chat' }, 'chain'],
  ['provider', { 'langsmith.metadata.ls_provider': 'amazon_bedrock' }, 'aws.bedrock'],
  ['requestModel', { 'langsmith.metadata.ls_model_name': 'gpt-5-mini' }, 'gpt-5-mini'],
  ['stream', { 'langsmith.request.streaming': true }, true],
  ['stream', { 'langsmith.request.streaming': false }, undefined],
  ['serviceTier', { 'langsmith.x': 1, 'gen_ai.response.service_tier': 'flex' }, 'flex'],

  ['usage.input', usage({ input_tokens: 101 }), 101n],
  ['usage.output', usage({ output_tokens: 102 }), 102n],
  ['usage.total', usage({ total_tokens: 103 }), 103n],
  ['usage.cacheRead', parts('input', { cache_read: 104 }), 104n],
  ['usage.cacheRead', parts('input', { flex_cache_read: 107 }), 107n],
  ['usage.cacheRead', { ...python, 'gen_ai.usage.input_token_details': "{'audio': 0, 'cache_read': 103}" }, 103n],
  ['usage.cacheRead', usage({ input_token_details: { cache_read: 105 } }), 105n],
  ['usage.cacheRead', usage({ input_token_details: { priority: 1, priority_cache_read: 106 } }), 106n],
  ['usage.cacheWrite', parts('input', { cache_creation: 108 }), 108n],
  ['usage.cacheWrite', usage({ input_token_details: { cache_creation: 109 } }), 109n],
  ['usage.cacheWrite5m', parts('input', { ephemeral_5m_input_tokens: 110 }), 110n],
  ['usage.cacheWrite5m', usage({ input_token_details: { ephemeral_5m_input_tokens: 111 } }), 111n],
  ['usage.cacheWrite1h', parts('input', { ephemeral_1h_input_tokens: 112 }), 112n],
  ['usage.cacheWrite1h', usage({ input_token_details: { ephemeral_1h_input_tokens: 113 } }), 113n],
  ['usage.inputAudio', parts('input', { audio: 114 }), 114n],
  ['usage.inputAudio', usage({ input_token_details: { audio: 115 } }), 115n],
  ['usage.reasoning', parts('output', { reasoning: 116 }), 116n],
  ['usage.reasoning', usage({ output_token_details: { reasoning: 117 } }), 117n],
  ['usage.outputAudio', parts('output', { audio: 118 }), 118n],
  ['usage.outputAudio', usage({ output_token_details: { audio: 119 } }), 119n],
  ['usage.input', { 'langsmith.usage_metadata': 'no JSON' }, undefined],
  ['reportedCostUsd', usage({ total_cost: 0.25 }), 0.25],

  ['sessionId', { 'langsmith.metadata.session_id': 's1' }, 's1'],
  ['sessionId', { 'langsmith.metadata.thread_id': 's2' }, 's2'],
  ['sessionId', { 'langsmith.metadata.conversation_id': 's3' }, 's3'],
  ['sessionId', { 'langsmith.trace.session_id': 'project', 'langsmith.trace.session_name': 'project' }, undefined],
  ['userId', { 'langsmith.metadata.user_id': 'u' }, 'u'],
  ['agentName', { 'langsmith.metadata.lc_agent_name': 'research' }, 'research'],
  [
    'labels',
    {
      ...{ 'langsmith.metadata.tenant': 'acme', 'langsmith.metadata.session_id': 's' },
      ...{ 'langsmith.metadata.LANGSMITH_TRACING': 'true', 'langsmith.metadata.ls_provider': 'openai' },
      'langsmith.metadata.usage_metadata': '{"input_tokens":1}',
    },
    { tenant: 'acme' },
  ],
  ['labels', { 'langsmith.span.tags': 'beta, eu' }, { 'tag.beta': 'true', 'tag.eu': 'true' }],
]);
