import { describe, expect, it } from 'vitest';
import { googleAdk } from '../../../../../collector/map/conventions/google-adk.ts';
import { mapSpan } from '../../../../../collector/map/span.ts';
import { describeConvention } from '../describe-convention.ts';
import { spanOf } from '../otlp-fixture.ts';

const json = (value: unknown) => JSON.stringify(value);
const says = (role: string, content: string) => [{ role, parts: [{ type: 'text', content }] }];
const own = 'gcp.vertex.agent.';
const request = {
  [`${own}llm_request`]: json({
    model: 'gemini-2.5-flash',
    config: {
      system_instruction: 'Be kind.',
      tools: [{ function_declarations: [{ name: 'f' }] }, { google_search: {} }],
    },
    contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
  }),
};
const response = {
  [`${own}llm_response`]: json({
    content: { role: 'model', parts: [{ text: 'ho' }] },
    finish_reason: 'STOP',
    usage_metadata: {
      ...{ prompt_token_count: 100, candidates_token_count: 20, thoughts_token_count: 5 },
      ...{ cached_content_token_count: 60, total_token_count: 125 },
    },
  }),
};
const spoken = { [`${own}event_id`]: 'e' };

describeConvention(googleAdk, [
  ['kind', spoken, 'agent', { name: 'agent_run [helper]' }],
  ['kind', spoken, 'llm', { name: 'call_llm' }],
  ['kind', spoken, 'chain', { name: 'execute_tool (merged)' }],
  ['kind', spoken, undefined, { name: 'execute_tool f' }],
  ['agentName', spoken, 'helper', { name: 'agent_run [helper]' }],
  ['provider', { ...spoken, 'gen_ai.request.model': 'gemini-2.5-flash' }, 'gcp.vertex_ai'],
  ['provider', { ...spoken, 'gen_ai.request.model': 'openai/gpt-5' }, undefined],
  ['usage.input', response, 100n],
  ['usage.output', response, 25n],
  ['usage.cacheRead', response, 60n],
  ['usage.reasoning', response, 5n],
  ['usage.reasoning', { ...spoken, 'gen_ai.usage.experimental.reasoning_tokens': 6 }, 6n],
  ['sessionId', { [`${own}session_id`]: 's' }, 's'],
  ['toolArguments', { [`${own}tool_call_args`]: '{"a":1}' }, { a: 1 }],
  ['toolArguments', { [`${own}tool_call_args`]: 'N/A' }, undefined],
  ['toolResult', { [`${own}tool_response`]: '{"result":2}' }, { result: 2 }],
  ['systemInstructions', request, says('system', 'Be kind.')],
  ['toolDefinitions', request, [{ name: 'f' }, { google_search: {} }]],
  ['inputMessages', request, says('user', 'hi')],
  ['outputMessages', response, [{ ...says('assistant', 'ho')[0], finish_reason: 'STOP' }]],
  ['inputValue', { [`${own}data`]: '[{"role":"user"}]' }, [{ role: 'user' }]],
]);

describe('spans of ADK', () => {
  const scope = { scope: { name: 'gcp.vertex.agent' } };

  it('1.5 give the total of a call as its output', () => {
    const counts = { 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 125 };
    const call = { 'gen_ai.system': 'gcp.vertex.agent', 'gen_ai.request.model': 'gemini-2.5-flash', ...counts };
    const { row } = mapSpan(
      spanOf({ ...call, [`${own}session_id`]: 's', ...request, ...response }, { name: 'call_llm' }, scope),
      'p',
    );
    expect(row).toMatchObject({
      ...{ convention: 'google-adk', kind: 'llm', provider: 'gcp.vertex_ai', session_id: 's', usage_scope: 'call' },
      ...{ input_tokens: 100n, output_tokens: 25n, cache_read_tokens: 60n, reasoning_tokens: 5n },
      ...{ input_preview: 'hi', output_preview: 'ho' },
    });
  });

  it('1.5 of a tool say nothing of a model', () => {
    const { row } = mapSpan(
      spanOf(
        {
          ...{ 'gen_ai.system': 'gcp.vertex.agent', 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'f' },
          ...{ [`${own}tool_call_args`]: '{"a":1}', [`${own}tool_response`]: '{"b":2}' },
          ...{ [`${own}llm_request`]: '{}', [`${own}llm_response`]: '{}' },
        },
        { name: 'execute_tool f' },
        scope,
      ),
      'p',
    );
    expect(row).toMatchObject({ kind: 'tool', tool_arguments: '{"a":1}', tool_result: '{"b":2}', has_usage: false });
    expect(row).toMatchObject({ input_messages: [], output_messages: [], provider: '' });
  });
});
