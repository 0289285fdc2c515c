import { genAi, genAiAliases } from '../../../../../collector/map/conventions/gen-ai.ts';
import { general } from '../../../../../collector/map/conventions/general.ts';
import { describeConvention } from '../describe-convention.ts';
import { eventsOf } from '../otlp-fixture.ts';

const message = (role: string, content: string) => [{ role, parts: [{ type: 'text', content }] }];
const sent = (role: string, content: string) => JSON.stringify(message(role, content));

describeConvention(general, [
  ['sessionId', { 'session.id': 's' }, 's'],
  ['userId', { 'user.id': 'u1' }, 'u1'],
  ['userId', { 'enduser.id': 'u2' }, 'u2'],
]);

/** Of a call with 100 tokens in, an answer of 20. */
const answered = { 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 20 };
const thoughtless = { scopeName: 'opentelemetry.instrumentation.vertexai' };
const tool = { 'gen_ai.operation.name': 'execute_tool' };
const toolEvents = eventsOf(
  ['gen_ai.tool.message', { role: 'tool', content: '{"city":"Oslo"}', id: 'c' }],
  ['gen_ai.choice', { message: '[{"text":"cold"}]', id: 'c' }],
);

describeConvention(genAi, [
  ['kind', { 'gen_ai.operation.name': 'execute_tool' }, 'tool'],
  ['likelyKind', { 'gen_ai.request.model': 'gpt-5' }, 'llm'],
  ['likelyKind', { 'gen_ai.response.model': 'gpt-5-2025' }, 'llm'],
  ['likelyKind', { 'gen_ai.usage.input_tokens': 1 }, 'llm'],
  ['likelyKind', { 'gen_ai.usage.output_tokens': 1 }, 'llm'],
  ['operation', { 'gen_ai.operation.name': 'chat' }, 'chat'],
  ['provider', { 'gen_ai.provider.name': 'anthropic' }, 'anthropic'],
  ['provider', { 'gen_ai.system': 'az.ai.openai' }, 'azure.ai.openai'],
  ['requestModel', { 'gen_ai.request.model': 'gpt-5' }, 'gpt-5'],
  ['responseModel', { 'gen_ai.response.model': 'gpt-5-2025' }, 'gpt-5-2025'],
  ['responseId', { 'gen_ai.response.id': 'r' }, 'r'],
  ['finishReasons', { 'gen_ai.response.finish_reasons': ['end_turn', 'tool_use'] }, ['stop', 'tool_calls']],
  ['finishReasons', { 'gen_ai.response.finish_reasons': '["length"]' }, ['length']],
  ['finishReasons', { 'gen_ai.response.finish_reason': 'stop,max_tokens' }, ['stop', 'length']],
  ['finishReasons', { 'gen_ai.response.stop_reason': 'tool_use' }, ['tool_calls']],
  ['finishReasons', { 'anthropic.message.stop_reason': 'refusal', 'gen_ai.system': 'anthropic' }, ['content_filter']],
  ['stream', { 'gen_ai.request.stream': true }, true],
  ['stream', { 'gen_ai.request.stream': false }, undefined],
  ['stream', { 'gen_ai.response.time_to_first_chunk': 0.25 }, true],
  ['stream', { 'gen_ai.client.operation.time_to_first_chunk': 0.5 }, true],
  ['timeToFirstTokenNs', { 'gen_ai.response.time_to_first_chunk': 0.25 }, 250_000_000n],
  ['timeToFirstTokenNs', { 'gen_ai.client.operation.time_to_first_chunk': 0.5 }, 500_000_000n],
  ['timeToFirstTokenNs', { 'gen_ai.server.time_to_first_token': 420 }, 420_000_000n],
  ['timeToFirstTokenNs', { 'gen_ai.server.time_to_first_token': 0.42 }, 420_000_000n],
  ['serviceTier', { 'openai.response.service_tier': 'flex', 'gen_ai.system': 'openai' }, 'flex'],
  ['serviceTier', { 'gen_ai.openai.response.service_tier': 'priority' }, 'priority'],
  ['serviceTier', { 'openai.request.service_tier': 'default', 'gen_ai.system': 'openai' }, 'default'],
  ['serviceTier', { 'gen_ai.openai.request.service_tier': 'scale' }, 'scale'],
  ['serviceTier', { 'anthropic.response.service_tier': 'batch', 'gen_ai.system': 'anthropic' }, 'batch'],
  ['isBatch', { 'anthropic.response.service_tier': 'batch', 'gen_ai.system': 'anthropic' }, true],
  ['isBatch', { 'anthropic.response.service_tier': 'standard', 'gen_ai.system': 'anthropic' }, undefined],

  ['usage.input', { 'gen_ai.usage.input_tokens': 101 }, 101n],
  ['usage.output', { ...answered, 'gen_ai.usage.total_tokens': 180 }, 80n, thoughtless],
  ['usage.output', { ...answered, 'llm.usage.total_tokens': 190 }, 90n, thoughtless],
  ['usage.output', { ...answered, 'gen_ai.usage.total_tokens': 120 }, 20n, thoughtless],
  ['usage.output', { 'gen_ai.usage.total_tokens': 180 }, undefined, thoughtless],
  ['usage.output', { ...answered, 'gen_ai.usage.total_tokens': 180 }, 20n],
  ['usage.output', { 'gen_ai.usage.output_tokens': 102 }, 102n],
  ['usage.cacheRead', { 'gen_ai.usage.cache_read.input_tokens': 103 }, 103n],
  ['usage.cacheWrite', { 'gen_ai.usage.cache_write.input_tokens': 104 }, 104n],
  ['usage.cacheWrite', { 'gen_ai.usage.cache_creation.input_tokens': 105 }, 105n],
  [
    'usage.cacheWrite5m',
    { 'anthropic.usage.cache_creation.ephemeral_5m_input_tokens': 106, 'gen_ai.system': 'anthropic' },
    106n,
  ],
  ['usage.cacheWrite5m', { 'gen_ai.usage.cache_creation.5m_input_tokens': 107 }, 107n],
  [
    'usage.cacheWrite1h',
    { 'anthropic.usage.cache_creation.ephemeral_1h_input_tokens': 108, 'gen_ai.system': 'anthropic' },
    108n,
  ],
  ['usage.cacheWrite1h', { 'gen_ai.usage.cache_creation.1h_input_tokens': 109 }, 109n],
  ['usage.reasoning', { 'gen_ai.usage.reasoning.output_tokens': 110 }, 110n],
  ['usage.inputAudio', { 'gen_ai.usage.audio.input_tokens': 111 }, 111n],
  ['usage.outputAudio', { 'gen_ai.usage.audio.output_tokens': 112 }, 112n],
  ['usage.total', { 'gen_ai.usage.total_tokens': 113 }, 113n],
  ['reportedCostUsd', { 'gen_ai.usage.cost': 0.25 }, 0.25],
  ['reportedCostUsd', { 'gen_ai.cost.total_cost': 0.75 }, 0.75],

  ['sessionId', { 'gen_ai.conversation.id': 'c' }, 'c'],
  ['agentName', { 'gen_ai.agent.name': 'support' }, 'support'],
  ['agentId', { 'gen_ai.agent.id': 'a' }, 'a'],
  ['agentVersion', { 'gen_ai.agent.version': '3' }, '3'],
  ['toolName', { 'gen_ai.tool.name': 'search' }, 'search'],
  ['toolCallId', { 'gen_ai.tool.call.id': 'call_1' }, 'call_1'],
  ['toolArguments', { 'gen_ai.tool.call.arguments': '{"q":1}' }, { q: 1 }],
  ['toolArguments', tool, { city: 'Oslo' }, toolEvents],
  ['toolResult', { 'gen_ai.tool.call.result': 'done' }, 'done'],
  ['toolResult', tool, [{ text: 'cold' }], toolEvents],
  ['hasFailed', { ...tool, 'gen_ai.tool.status': 'error' }, true],
  ['hasFailed', { ...tool, 'gen_ai.tool.status': 'success' }, undefined],
  ['inputValue', { 'gen_ai.retrieval.query.text': 'what' }, 'what'],
  ['outputValue', { 'gen_ai.retrieval.documents': '[{"id":"d"}]' }, [{ id: 'd' }]],

  ['systemInstructions', { 'gen_ai.system_instructions': '[{"type":"text","content":"be"}]' }, message('system', 'be')],
  [
    'systemInstructions',
    {},
    message('system', 'from an event'),
    eventsOf(['gen_ai.client.inference.operation.details', { 'gen_ai.system_instructions': 'from an event' }]),
  ],
  ['toolDefinitions', { 'gen_ai.tool.definitions': '[{"name":"f"}]' }, [{ name: 'f' }]],
  ['toolDefinitions', { 'gen_ai.tool.definitions': '["f","g"]' }, [{ name: 'f' }, { name: 'g' }]],
  [
    'toolDefinitions',
    {},
    [{ name: 'g' }],
    eventsOf(['gen_ai.client.inference.operation.details', { 'gen_ai.tool.definitions': '{"name":"g"}' }]),
  ],
  ['inputMessages', { 'gen_ai.input.messages': sent('user', 'hi') }, message('user', 'hi')],
  ['inputMessages', {}, message('user', 'event'), eventsOf(['gen_ai.user.message', { content: 'event' }])],
  ['outputMessages', { 'gen_ai.output.messages': sent('assistant', 'yes') }, message('assistant', 'yes')],
  [
    'outputMessages',
    {},
    message('assistant', 'event'),
    eventsOf(['gen_ai.content.completion', { 'gen_ai.completion': 'event' }]),
  ],
]);

describeConvention(genAiAliases, [
  ['likelyKind', { 'gen_ai.usage.prompt_tokens': 1 }, 'llm'],
  ['usage.input', { 'gen_ai.usage.prompt_tokens': 101 }, 101n],
  ['usage.output', { 'gen_ai.usage.completion_tokens': 102 }, 102n],
  ['usage.cacheRead', { 'gen_ai.usage.cache_read_input_tokens': 103 }, 103n],
  ['usage.cacheWrite', { 'gen_ai.usage.cache_creation_input_tokens': 104 }, 104n],
  ['usage.cacheWrite', { 'gen_ai.usage.cache_write_input_tokens': 105 }, 105n],
  ['usage.reasoning', { 'gen_ai.usage.reasoning_tokens': 106 }, 106n],
  ['usage.reasoning', { 'llm.usage.reasoning_tokens': 116, 'gen_ai.system': 'openai' }, 116n],
  ['usage.total', { 'gen_ai.usage.total_tokens': 107 }, 107n],
  ['usage.total', { 'llm.usage.total_tokens': 108, 'gen_ai.system': 'openai' }, 108n],
]);
