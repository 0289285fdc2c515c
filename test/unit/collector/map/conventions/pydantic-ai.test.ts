import { describe, expect, it } from 'vitest';
import { pydanticAi } from '../../../../../collector/map/conventions/pydantic-ai.ts';
import { mapSpan } from '../../../../../collector/map/span.ts';
import { describeConvention, type Said } from '../describe-convention.ts';
import { spanOf } from '../otlp-fixture.ts';

const json = (value: unknown) => JSON.stringify(value);
const says = (role: string, content: string) => ({ role, parts: [{ type: 'text', content }] });
const scope = { scopeName: 'pydantic-ai' };
const conversation = json([says('user', 'hi'), says('assistant', 'ho'), says('user', 'and'), says('assistant', 'so')]);
const events = json([
  { 'event.name': 'gen_ai.system.message', content: 'be', role: 'system', 'gen_ai.message.index': 0 },
  { 'event.name': 'gen_ai.user.message', content: 'why', role: 'user', 'gen_ai.message.index': 0 },
  { 'event.name': 'gen_ai.assistant.message', content: 'thus', role: 'assistant', 'gen_ai.message.index': 1 },
]);
const callEvents = json([
  { content: 'who', role: 'user', 'gen_ai.message.index': 0, 'gen_ai.system': 'openai' },
  { 'event.name': 'gen_ai.choice', index: 0, message: { content: 'me', role: 'assistant' } },
]);
const details = (prefix: string, first: number): Said[] =>
  (
    [
      ['cacheRead', 'cache_read_tokens'],
      ['cacheRead', 'cache_read_input_tokens'],
      ['cacheRead', 'cached_tokens'],
      ['cacheRead', 'cached_content_tokens'],
      ['cacheWrite', 'cache_write_tokens'],
      ['cacheWrite', 'cache_creation_input_tokens'],
      ['reasoning', 'reasoning_tokens'],
      ['reasoning', 'thoughts_tokens'],
      ['inputAudio', 'input_audio_tokens'],
      ['outputAudio', 'output_audio_tokens'],
    ] as const
  ).map(([count, name], at) => [`usage.${count}`, { [`${prefix}.${name}`]: first + at }, BigInt(first + at)]);

describeConvention(pydanticAi, [
  ['kind', { 'gen_ai.tool.name': 'search', tool_arguments: '{}' }, 'tool'],
  ['kind', {}, 'tool', { ...scope, name: 'running tool' }],
  ['kind', { agent_name: 'support', model_name: 'gpt-5' }, 'agent', scope],
  ['kind', { 'gen_ai.request.model': 'gpt-5' }, undefined, scope],
  ['kind', { 'gen_ai.operation.name': 'chat', 'gen_ai.aggregated_usage.input_tokens': 1 }, undefined, scope],
  ['kind', { 'gen_ai.aggregated_usage.input_tokens': 1 }, 'agent'],
  ['requestModel', { model_name: 'gpt-5' }, 'gpt-5', scope],
  ['agentName', { agent_name: 'support' }, 'support', scope],
  ['usage.input', { 'gen_ai.aggregated_usage.input_tokens': 101 }, 101n],
  ['usage.output', { 'gen_ai.aggregated_usage.output_tokens': 102 }, 102n],
  ['usage.cacheRead', { 'gen_ai.aggregated_usage.cache_read.input_tokens': 103 }, 103n],
  ['usage.cacheWrite', { 'gen_ai.aggregated_usage.cache_write.input_tokens': 104 }, 104n],
  ['usage.cacheWrite', { 'gen_ai.aggregated_usage.cache_creation.input_tokens': 105 }, 105n],
  ['usage.reasoning', { 'gen_ai.aggregated_usage.reasoning.output_tokens': 106 }, 106n],
  ...details('gen_ai.usage.details', 201),
  ...details('gen_ai.aggregated_usage.details', 301),
  ['reportedCostUsd', { 'operation.cost': 0.25 }, 0.25],
  ['toolArguments', { tool_arguments: '{"q":1}', 'gen_ai.tool.name': 'f' }, { q: 1 }],
  ['toolResult', { tool_response: '42', 'gen_ai.tool.name': 'f' }, '42'],
  [
    'toolDefinitions',
    {
      model_request_parameters: json({
        function_tools: [{ name: 'f', description: 'does', parameters_json_schema: { type: 'object' }, strict: null }],
        output_tools: [{ name: 'final_result' }],
        output_mode: 'tool',
      }),
      'gen_ai.system': 'openai',
    },
    [
      { type: 'function', name: 'f', description: 'does', parameters: { type: 'object' } },
      { type: 'function', name: 'final_result' },
    ],
  ],
  ['inputMessages', { 'pydantic_ai.all_messages': json([says('user', 'alone')]) }, [says('user', 'alone')]],
  [
    'inputMessages',
    { 'pydantic_ai.all_messages': conversation },
    [says('user', 'hi'), says('assistant', 'ho'), says('user', 'and')],
  ],
  ['inputMessages', { all_messages_events: events }, [says('system', 'be'), says('user', 'why')], scope],
  ['inputMessages', { events: callEvents }, [says('user', 'who')], scope],
  ['outputMessages', { 'pydantic_ai.all_messages': conversation }, [says('assistant', 'so')]],
  ['outputMessages', { all_messages_events: events }, [says('assistant', 'thus')], scope],
  ['outputMessages', { events: callEvents }, [says('assistant', 'me')], scope],
  ['outputValue', { final_result: '{"answer":7}' }, { answer: 7 }, scope],
  ['labels', { metadata: '{"tenant":"acme"}' }, { tenant: 'acme' }, scope],
]);

function rowOf(attributes: Record<string, unknown>, scopeName = 'pydantic-ai') {
  return mapSpan(spanOf(attributes, {}, { scope: { name: scopeName } }), 'p').row;
}

describe('spans of Pydantic AI', () => {
  it.each(['gen_ai.aggregated_usage', 'gen_ai.usage'])(
    'that are runs have the sum of their calls under %s',
    (prefix) => {
      const row = rowOf({
        ...{ model_name: 'gpt-5', agent_name: 'support', 'pydantic_ai.all_messages': conversation },
        ...{ [`${prefix}.input_tokens`]: 10, [`${prefix}.details.cache_read_tokens`]: 4 },
      });
      expect(row).toMatchObject({
        kind: 'agent',
        usage_scope: 'aggregate',
        request_model: 'gpt-5',
        agent_name: 'support',
      });
      expect(row).toMatchObject({ input_tokens: 10n, cache_read_tokens: 4n });
      expect(row.attributes.has('pydantic_ai.all_messages')).toBe(false);
    },
  );

  it('that are calls have their details beside the counts of the conventions', () => {
    const row = rowOf({
      ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-5', 'gen_ai.usage.input_tokens': 10 },
      ...{ 'gen_ai.usage.output_tokens': 9, 'gen_ai.usage.details.reasoning_tokens': 4, 'operation.cost': 0.5 },
      ...{ 'gen_ai.usage.details.cache_read_tokens': 6 },
    });
    expect(row).toMatchObject({ kind: 'llm', usage_scope: 'call', input_tokens: 10n, cache_read_tokens: 6n });
    expect(row).toMatchObject({ output_tokens: 9n, reasoning_tokens: 4n, reported_cost_usd: 500_000_000_000n });
  });

  it('are not known by names of anybody', () => {
    const row = rowOf({ model_name: 'm', agent_name: 'a', final_result: 'r', tool_arguments: '{}' }, 'app');
    expect(row).toMatchObject({ convention: '', kind: 'other', agent_name: '', request_model: '' });
  });
});
