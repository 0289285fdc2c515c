import { genAiPrompt } from '../../../../../collector/map/conventions/gen-ai-prompt.ts';
import { describeConvention } from '../describe-convention.ts';

const message = (role: string, content: string) => [{ role, parts: [{ type: 'text', content }] }];
const prompt = (value: unknown) => ({ 'gen_ai.prompt': JSON.stringify(value) });
const completion = (value: unknown) => ({ 'gen_ai.completion': JSON.stringify(value) });
const tool = { 'langsmith.span.kind': 'tool' };
const chain = { 'gen_ai.operation.name': 'chain' };
const toolMessage = {
  output: {
    ...{ lc: 1, type: 'constructor', id: ['langchain_core', 'messages', 'ToolMessage'] },
    kwargs: { content: '18°C', tool_call_id: 'call_1', name: 'weather' },
  },
};
const answer = { role: 'assistant', content: 'yes' };

/** As LangChain counts, on a span that counts the same. */
const usage = {
  ...{ input_tokens: 50, output_tokens: 5, total_tokens: 55 },
  ...{ input_token_details: { cache_read: 40, cache_creation: 6 }, output_token_details: { reasoning: 3 } },
};
const counted = (usage_metadata: unknown) => ({
  ...completion({ generations: [[{ message: { kwargs: { usage_metadata } } }]] }),
  'gen_ai.usage.input_tokens': 50,
});

describeConvention(genAiPrompt, [
  ['responseModel', completion({ model: 'gpt-5-2025', choices: [{ message: answer }] }), 'gpt-5-2025'],
  ['responseId', completion({ id: 'chatcmpl-1', choices: [{ message: answer }] }), 'chatcmpl-1'],
  ['finishReasons', completion({ choices: [{ message: answer, finish_reason: 'length' }] }), ['length']],
  ['serviceTier', completion({ service_tier: 'flex', choices: [{ message: answer }] }), 'flex'],
  ['usage.cacheRead', counted(usage), 40n],
  ['usage.cacheRead', { ...counted(usage), 'gen_ai.usage.input_tokens': 51 }, undefined],
  ['usage.cacheWrite', counted(usage), 6n],
  ['usage.reasoning', counted(usage), 3n],
  ['usage.cacheWrite5m', completion({ usage: { cache_creation: { ephemeral_5m_input_tokens: 101 } } }), 101n],
  ['usage.cacheWrite1h', completion({ usage: { cache_creation: { ephemeral_1h_input_tokens: 102 } } }), 102n],
  ['toolCallId', { ...tool, ...completion(toolMessage) }, 'call_1'],

  ['inputMessages', prompt({ model: 'gpt-5', messages: [{ role: 'user', content: 'hi' }] }), message('user', 'hi')],
  ['inputMessages', prompt({ input: 'ask' }), message('user', 'ask')],
  ['inputMessages', { 'gen_ai.prompt': 'plain text' }, message('user', 'plain text')],
  ['inputMessages', { ...chain, ...prompt({ messages: [{ role: 'user', content: 'hi' }] }) }, undefined],
  [
    'systemInstructions',
    prompt({ system: 'be', messages: [{ role: 'user', content: 'hi' }] }),
    message('system', 'be'),
  ],
  ['toolDefinitions', prompt({ messages: [{ role: 'user', content: 'hi' }], tools: [{ name: 'f' }] }), [{ name: 'f' }]],
  ['outputMessages', completion({ choices: [{ message: answer }] }), message('assistant', 'yes')],
  ['outputMessages', completion({ outputs: { choices: [{ message: answer }] } }), message('assistant', 'yes')],
  ['outputMessages', completion({ outputs: 'no' }), message('assistant', 'no')],
  ['outputMessages', completion({ role: 'assistant', content: 'well' }), message('assistant', 'well')],
  ['toolArguments', { ...tool, ...prompt({ city: 'Paris' }) }, { city: 'Paris' }],
  ['toolArguments', { ...tool, ...prompt({ input: '{"city":"Rome"}' }) }, { city: 'Rome' }],
  ['toolArguments', { ...tool, ...prompt({ input: 'Lima' }) }, { input: 'Lima' }],
  ['toolResult', { ...tool, ...completion(toolMessage) }, '18°C'],
  ['toolResult', { 'gen_ai.operation.name': 'execute_tool', ...completion({ outputs: 'sunny' }) }, 'sunny'],
  ['inputValue', { ...chain, ...prompt({ input: 'ask' }) }, 'ask'],
  ['inputValue', { ...chain, ...prompt({ input: 'ask', top: 3 }) }, { input: 'ask', top: 3 }],
  ['outputValue', { ...chain, ...completion({ outputs: 'done' }) }, 'done'],
  [
    'outputValue',
    { 'gen_ai.operation.name': 'embeddings', ...completion({ vectors: [Array.from({ length: 20 }, () => 0.5)] }) },
    { vectors: [{ dimensions: 20 }] },
  ],
]);
