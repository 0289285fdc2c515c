import { mastra } from '../../../../../collector/map/conventions/mastra.ts';
import { describeConvention, type Said } from '../describe-convention.ts';
import { startNs } from '../otlp-fixture.ts';

const message = (role: string, content: string) => [{ role, parts: [{ type: 'text', content }] }];
const kindOf = (type: string, expected: string | undefined): Said => ['kind', { 'mastra.span.type': type }, expected];
const after = (ms: number) => new Date(Number(startNs / 1_000_000n) + ms).toISOString();

describeConvention(mastra, [
  kindOf('agent_run', 'agent'),
  kindOf('workflow_run', 'chain'),
  kindOf('workflow_conditional_eval', 'chain'),
  kindOf('model_step', 'chain'),
  kindOf('generic', 'chain'),
  kindOf('model_inference', 'llm'),
  kindOf('model_generation', 'chain'),
  kindOf('llm_generation', 'llm'),
  kindOf('model_chunk', 'other'),
  kindOf('llm_chunk', 'other'),
  kindOf('tool_call', 'tool'),
  kindOf('mcp_tool_call', 'tool'),
  kindOf('client_tool_call', 'tool'),
  kindOf('provider_tool_call', 'tool'),
  kindOf('processor_run', 'chain'),
  kindOf('scorer_run', 'evaluator'),
  kindOf('scorer_step', 'chain'),
  kindOf('rag_ingestion', 'chain'),
  kindOf('rag_action', 'chain'),
  kindOf('rag_embedding', 'embedding'),
  kindOf('rag_vector_operation', 'retriever'),
  kindOf('of_tomorrow', undefined),
  ['kind', { 'mastra.span.type': 'model_generation', 'gen_ai.operation.name': 'chat' }, 'llm'],
  ['kind', { 'mastra.span.type': 'model_generation', 'gen_ai.operation.name': 'model_generation' }, 'chain'],
  ['timeToFirstTokenNs', { 'mastra.completion_start_time': after(58) }, 58_000_000n],
  ['timeToFirstTokenNs', { 'mastra.completion_start_time': after(-111) }, undefined],
  ['usage.cacheRead', { 'mastra.x': 1, 'gen_ai.usage.cached_input_tokens': 101 }, 101n],
  ['usage.inputAudio', { 'mastra.x': 1, 'gen_ai.usage.audio_input_tokens': 102 }, 102n],
  ['usage.outputAudio', { 'mastra.x': 1, 'gen_ai.usage.audio_output_tokens': 103 }, 103n],
  ['sessionId', { 'mastra.metadata.sessionId': 's1' }, 's1'],
  ['sessionId', { 'mastra.metadata.threadId': 's2' }, 's2'],
  ['userId', { 'mastra.metadata.userId': 'u1' }, 'u1'],
  ['userId', { 'mastra.metadata.resourceId': 'u2' }, 'u2'],
  ['errorMessage', { 'mastra.x': 1, 'error.message': 'no answer' }, 'no answer'],
  [
    'labels',
    { 'mastra.metadata.tenant': 'acme', 'mastra.metadata.runId': 'r', 'mastra.metadata.body': '{"id":1}' },
    { tenant: 'acme' },
  ],
  ['labels', { 'mastra.tags': '["beta"]' }, { 'tag.beta': 'true' }],

  ['inputMessages', { 'mastra.span.type': 'agent_run', 'mastra.agent_run.input': 'hi' }, message('user', 'hi')],
  [
    'inputMessages',
    {
      'mastra.span.type': 'model_generation',
      'mastra.model_generation.input': '{"messages":[{"role":"user","content":[{"type":"text","text":"hello"}]}]}',
    },
    message('user', 'hello'),
  ],
  ['inputMessages', { 'mastra.span.type': 'model_step', 'mastra.agent_run.input': 'of another type' }, undefined],
  ['inputValue', { 'mastra.span.type': 'workflow_step', 'mastra.workflow_step.input': '{"a":1}' }, { a: 1 }],
  [
    'outputMessages',
    { 'mastra.span.type': 'agent_run', 'mastra.agent_run.output': '{"text":"yes","files":[]}' },
    message('assistant', 'yes'),
  ],
  [
    'outputMessages',
    { 'mastra.span.type': 'model_step', 'mastra.model_step.output': 'plain' },
    message('assistant', 'plain'),
  ],
  [
    'outputMessages',
    {
      'mastra.span.type': 'model_generation',
      'mastra.model_generation.output': JSON.stringify({
        text: '',
        reasoning: [{ type: 'reasoning', payload: { text: 'hm' } }],
        toolCalls: [{ type: 'tool-call', payload: { toolCallId: 'c1', toolName: 'f', args: { a: 1 } } }],
      }),
    },
    [
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'hm' },
          { type: 'tool_call', id: 'c1', name: 'f', arguments: { a: 1 } },
        ],
      },
    ],
  ],
  [
    'outputMessages',
    { 'mastra.span.type': 'agent_run', 'mastra.agent_run.output': '{"text":"","object":{"a":1}}' },
    message('assistant', '{"a":1}'),
  ],
  [
    'outputMessages',
    { 'mastra.span.type': 'agent_run', 'mastra.agent_run.output': '{"status":"suspended"}' },
    [{ role: 'assistant', parts: [{ type: 'data', value: { status: 'suspended' } }] }],
  ],
  ['outputValue', { 'mastra.span.type': 'model_chunk', 'mastra.model_chunk.output': '{"text":"y"}' }, { text: 'y' }],
]);
