import { openInference } from '../../../../../collector/map/conventions/open-inference.ts';
import { describeConvention } from '../describe-convention.ts';

const json = (value: unknown) => JSON.stringify(value);
const kind = (name: string, attributes: Record<string, unknown> = {}) => ({
  'openinference.span.kind': name,
  ...attributes,
});
const call = (attributes: Record<string, unknown>) => kind('LLM', attributes);
const tool = (attributes: Record<string, unknown>) => kind('TOOL', attributes);
const agent = (attributes: Record<string, unknown>) => kind('AGENT', attributes);
const says = (role: string, content: string) => [{ role, parts: [{ type: 'text', content }] }];
const request = json({
  ...{ system: 'be', messages: [{ role: 'user', content: 'request' }], tools: [{ name: 'r' }] },
});
const response = json({
  ...{ id: 'r', model: 'answered', service_tier: 'flex' },
  choices: [{ message: { content: 'response' }, finish_reason: 'length' }],
});
const written = {
  'llm.token_count.prompt_details.cache_write': 30,
  'output.value': json({ usage: { cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 } } }),
};
/** As Anthropic counts: 600 tokens went in, of which 400 were read from a cache and 50 written to one. */
const counted = {
  'output.value': json({
    usage: {
      ...{ input_tokens: 150, output_tokens: 70, cache_read_input_tokens: 400, cache_creation_input_tokens: 50 },
      cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 30 },
    },
  }),
};
const reasoned = {
  'output.value': json({
    usage: { prompt_tokens: 9, completion_tokens: 8, completion_tokens_details: { reasoning_tokens: 7 } },
  }),
};
const toolMessage = json({ type: 'tool', content: 'warm', tool_call_id: 'c3' });
const embedded = { 'embedding.embeddings.0.embedding.text': 'a', 'embedding.embeddings.0.embedding.vector': [1, 2] };

describeConvention(openInference, [
  ['kind', kind('RETRIEVER'), 'retriever'],
  ['likelyKind', { 'embedding.model_name': 'm' }, 'embedding'],
  ['likelyKind', { 'embedding.embeddings.0.embedding.text': 'a' }, 'embedding'],
  ['likelyKind', { 'retrieval.documents.0.document.id': 'd' }, 'retriever'],
  ['likelyKind', { 'reranker.output_documents.0.document.id': 'd' }, 'retriever'],
  ['likelyKind', { 'llm.input_messages.0.message.role': 'user' }, 'llm'],
  ['likelyKind', { 'llm.output_messages.0.message.role': 'user' }, 'llm'],
  ['likelyKind', { 'llm.model_name': 'm' }, 'llm'],
  ['likelyKind', { 'llm.request.model_name': 'm' }, 'llm'],
  ['likelyKind', { 'llm.response.model_name': 'm' }, 'llm'],
  ['likelyKind', { 'llm.invocation_parameters': '{}' }, 'llm'],
  ['likelyKind', { 'llm.token_count.prompt': 1 }, 'llm'],
  ['likelyKind', { 'llm.token_count.completion': 1 }, 'llm'],
  ['likelyKind', { 'llm.token_count.total': 1 }, 'llm'],
  ['operation', kind('TOOL'), 'handoff', { name: 'handoff to billing' }],
  ['operation', kind('RERANKER'), 'rerank'],
  ['operation', kind('PROMPT'), 'prompt'],

  ['provider', call({ 'llm.provider': 'azure', 'llm.system': 'openai' }), 'azure.ai.openai'],
  ['provider', call({ 'llm.provider': 'aws' }), 'aws.bedrock'],
  ['provider', call({ 'llm.system': 'anthropic' }), 'anthropic'],
  ['provider', call({ metadata: '{"ls_provider":"groq"}' }), 'groq'],
  ['requestModel', call({ 'llm.request.model_name': 'm1' }), 'm1'],
  ['requestModel', call({ 'llm.invocation_parameters': '{"model":"m2"}' }), 'm2'],
  ['requestModel', call({ 'embedding.invocation_parameters': '{"model":"m3"}' }), 'm3'],
  ['requestModel', call({ 'embedding.model_name': 'm4' }), 'm4'],
  ['requestModel', call({ 'reranker.model_name': 'm5' }), 'm5'],
  ['responseModel', call({ 'llm.model_name': 'm7', 'llm.request.model_name': 'm7' }), undefined],
  ['responseModel', call({ 'llm.response.model_name': 'm6' }), 'm6'],
  ['responseModel', call({ 'output.value': response }), 'answered'],
  ['responseModel', call({ 'llm.model_name': 'm7' }), 'm7'],
  ['responseModel', tool({ 'output.value': response }), undefined],
  ['responseId', call({ 'output.value': response }), 'r'],
  ['finishReasons', call({ 'llm.finish_reason': 'tool_use' }), ['tool_calls']],
  ['finishReasons', call({ 'output.value': response }), ['length']],
  ['stream', call({ 'llm.invocation_parameters': '{"stream":true}' }), true],
  ['serviceTier', call({ 'output.value': response }), 'flex'],
  ['serviceTier', call({ 'llm.invocation_parameters': '{"service_tier":"priority"}' }), 'priority'],

  ['usage.input', call({ 'llm.token_count.prompt': 101 }), 101n],
  ['usage.input', call(counted), 600n],
  ['usage.input', tool(counted), undefined],
  ['usage.output', call({ 'llm.token_count.completion': 102 }), 102n],
  ['usage.output', call(counted), 70n],
  ['usage.cacheRead', call({ 'llm.token_count.prompt_details.cache_read': 103 }), 103n],
  ['usage.cacheRead', call({ 'llm.token_count.prompt_details.cache_input': 104 }), 104n],
  ['usage.cacheRead', call({ ...counted, 'llm.token_count.prompt': 150 }), 400n],
  ['usage.cacheRead', call({ ...counted, 'llm.token_count.prompt': 600 }), 400n],
  ['usage.cacheRead', call({ ...counted, 'llm.token_count.prompt': 151 }), undefined],
  ['usage.cacheWrite', call({ 'llm.token_count.prompt_details.cache_write': 105 }), 105n],
  ['usage.cacheWrite', call(counted), 50n],
  ['usage.cacheWrite5m', call(written), 10n],
  ['usage.cacheWrite5m', call(counted), 20n],
  ['usage.cacheWrite5m', call({ ...written, 'llm.token_count.prompt_details.cache_write': 31 }), undefined],
  ['usage.cacheWrite1h', call(written), 20n],
  ['usage.reasoning', call({ 'llm.token_count.completion_details.reasoning': 106 }), 106n],
  ['usage.reasoning', call(reasoned), 7n],
  ['usage.inputAudio', call({ 'llm.token_count.prompt_details.audio': 107 }), 107n],
  ['usage.outputAudio', call({ 'llm.token_count.completion_details.audio': 108 }), 108n],
  ['usage.total', call({ 'llm.token_count.total': 109 }), 109n],
  ['reportedCostUsd', call({ 'llm.cost.total': 0.5 }), 0.5],
  ['reportedCostUsd', call({ 'llm.cost.prompt': 0.25, 'llm.cost.completion': 0.125 }), 0.375],

  ['sessionId', call({ 'metadata.sessionId': 's1' }), 's1'],
  ['sessionId', call({ 'metadata.session_id': 's2' }), 's2'],
  ['sessionId', call({ metadata: '{"session_id":"s3"}' }), 's3'],
  ['userId', call({ 'metadata.userId': 'u1' }), 'u1'],
  ['userId', call({ 'metadata.user_id': 'u2' }), 'u2'],
  ['userId', call({ metadata: '{"userId":"u3"}' }), 'u3'],
  ['agentName', agent({ 'graph.node.name': 'a2' }), undefined],
  ['agentName', agent({ 'agent.name': 'a1' }), 'a1'],
  ['agentName', agent({ 'graph.node.name': 'a2', 'graph.node.id': 'n' }), 'a2'],
  ['agentName', agent({ 'graph.node.id': 'a3' }), 'a3'],
  ['agentName', tool({ 'graph.node.id': 'a3' }), undefined],
  ['agentId', agent({ 'graph.node.id': 'n' }), 'n'],

  ['toolName', tool({ 'tool.name': 'search' }), 'search'],
  ['toolName', tool({}), 'find', { name: 'find' }],
  ['toolCallId', tool({ 'tool_call.id': 'c1' }), 'c1'],
  ['toolCallId', tool({ 'tool.id': 'c2' }), 'c2'],
  ['toolCallId', tool({ 'output.value': toolMessage }), 'c3'],
  ['toolArguments', tool({ 'input.value': '42', 'input.mime_type': 'text/plain' }), '42'],
  ['toolArguments', tool({ 'input.value': '42', 'input.mime_type': 'application/json' }), 42],
  ['toolArguments', tool({ 'tool.parameters': '{"q":1}' }), { q: 1 }],
  ['toolResult', tool({ 'output.value': toolMessage }), 'warm'],
  ['toolResult', tool({ 'output.value': 'cold' }), 'cold'],

  ['inputValue', kind('EMBEDDING', embedded), 'a'],
  ['inputValue', kind('EMBEDDING', { 'input.value': 'text' }), 'text'],
  ['outputValue', kind('EMBEDDING', { 'output.value': '{"data":[]}' }), { data: [] }],
  ['outputValue', kind('EMBEDDING', embedded), { vectors: 1, dimensions: 2 }],
  ['inputValue', kind('RERANKER', { 'reranker.query': 'q' }), { query: 'q' }],
  ['inputValue', kind('CHAIN', { 'input.value': '{"a":1}' }), { a: 1 }],
  ['outputValue', kind('RETRIEVER', { 'retrieval.documents.0.document.id': 'd1' }), [{ id: 'd1' }]],
  ['outputValue', kind('RETRIEVER', { 'reranker.output_documents.0.document.id': 'd2' }), [{ id: 'd2' }]],
  ['outputValue', kind('RETRIEVER', { 'output.value': '[1]' }), [1]],

  ['toolDefinitions', call({ 'llm.tools.0.tool.json_schema': '{"name":"f"}' }), [{ name: 'f' }]],
  ['toolDefinitions', call({ 'input.value': request }), [{ name: 'r' }]],
  ['toolDefinitions', tool({ 'llm.tools.0.tool.json_schema': '{"name":"f"}' }), [{ name: 'f' }]],
  ['toolDefinitions', tool({ 'tool.json_schema': '{"name":"g"}' }), [{ name: 'g' }]],
  ['inputMessages', call({ 'llm.input_messages.0.message.content': 'flat' }), says('user', 'flat')],
  ['inputMessages', call({ 'llm.prompts.0.prompt.text': 'prompt' }), says('user', 'prompt')],
  ['inputMessages', call({ 'input.value': request }), says('user', 'request')],
  ['inputMessages', call({ 'input.value': 'text' }), says('user', 'text')],
  ['outputMessages', call({ 'llm.output_messages.0.message.content': 'flat' }), says('assistant', 'flat')],
  ['outputMessages', call({ 'llm.choices.0.completion.text': 'choice' }), says('assistant', 'choice')],
  ['outputMessages', call({ 'output.value': response }), says('assistant', 'response')],
  ['outputMessages', call({ 'output.value': 'text' }), says('assistant', 'text')],
  ['systemInstructions', call({ 'input.value': request }), says('system', 'be')],
  ['systemInstructions', call({ 'llm.invocation_parameters': '{"system":"do"}' }), says('system', 'do')],

  ['labels', call({ 'tag.tags': ['beta'] }), { 'tag.beta': 'true' }],
  ['labels', call({ 'metadata.tenant': 'a' }), { tenant: 'a' }],
  ['labels', call({ metadata: '{"tenant":"b","sessionId":"s"}' }), { tenant: 'b' }],
]);
