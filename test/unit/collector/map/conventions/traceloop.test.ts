import { describe, expect, it } from 'vitest';
import { readSpan } from '../../../../../collector/map/conventions.ts';
import { Source } from '../../../../../collector/map/source.ts';
import { traceloop } from '../../../../../collector/map/conventions/traceloop.ts';
import { describeConvention } from '../describe-convention.ts';
import { spanOf } from '../otlp-fixture.ts';

const message = (role: string, content: string) => [{ role, parts: [{ type: 'text', content }] }];
const asJson = (value: unknown) => JSON.stringify(value);
const tool = { 'traceloop.span.kind': 'tool' };
const model = { 'traceloop.span.kind': 'task', 'gen_ai.operation.name': 'chat' };
const sdk = { scopeName: '@traceloop/node-server-sdk' };
const constructor = (name: string, kwargs: object) => ({
  lc: 1,
  type: 'constructor',
  id: ['langchain_core', name],
  kwargs,
});
const toolMessage = constructor('ToolMessage', { content: '18 °C', tool_call_id: 'call_1', name: 'get_weather' });
const failure = asJson({ result: 'unknown city', is_error: true });

describeConvention(traceloop, [
  ['kind', { 'traceloop.span.kind': 'agent' }, 'agent'],
  ['kind', { 'traceloop.span.kind': 'workflow' }, 'chain'],
  ['kind', { 'traceloop.span.kind': 'session' }, 'chain'],
  ['kind', { 'traceloop.span.kind': 'unknown' }, undefined],
  ['kind', { 'gen_ai.guardrail.name': 'no secrets' }, 'guardrail'],
  ['kind', { 'traceloop.entity.name': 'resources/read' }, 'retriever', { name: 'resources/read.mcp' }],
  ['kind', { 'traceloop.entity.name': 'tools/list' }, undefined, { name: 'tools/list.mcp' }],

  ['sessionId', { 'traceloop.association.properties.session_id': 's1' }, 's1'],
  ['sessionId', { 'traceloop.association.properties.conversation_id': 's2' }, 's2'],
  ['sessionId', { 'traceloop.association.properties.thread_id': 's3' }, 's3'],
  ['sessionId', { session_id: 's4' }, 's4', sdk],
  ['sessionId', { conversation_id: 's5' }, 's5', { scopeName: 'opentelemetry.instrumentation.openai.v1' }],
  ['userId', { 'traceloop.association.properties.user_id': 'u1' }, 'u1'],
  ['userId', { user_id: 'u2' }, 'u2', sdk],
  ['labels', { 'traceloop.association.properties.plan': 'pro' }, { plan: 'pro' }],
  ['labels', { 'traceloop.association.properties.session_id': 's1' }, undefined],
  ['agentName', { 'traceloop.entity.name': 'support', 'traceloop.span.kind': 'agent' }, 'support'],
  ['agentName', { 'traceloop.entity.name': 'support', 'traceloop.span.kind': 'workflow' }, undefined],
  ['agentVersion', { 'traceloop.entity.version': 5, 'traceloop.span.kind': 'agent' }, '5'],
  ['agentVersion', { 'traceloop.entity.version': 5, 'traceloop.span.kind': 'task' }, undefined],

  ['toolName', { ...tool, 'traceloop.entity.output': asJson(toolMessage) }, 'get_weather'],
  ['toolName', { ...tool, 'traceloop.entity.name': 'search' }, 'search'],
  ['toolName', { 'traceloop.entity.name': 'run', 'gen_ai.operation.name': 'execute_tool' }, 'run'],
  ['toolName', { ...tool }, 'look_up', { name: 'look_up.tool' }],
  ['toolName', { 'traceloop.entity.name': 'plan', 'traceloop.span.kind': 'task' }, undefined],
  ['toolCallId', { ...tool, 'traceloop.entity.output': asJson({ output: toolMessage, kwargs: {} }) }, 'call_1'],
  ['toolArguments', { ...tool, 'traceloop.entity.input': asJson({ args: [], kwargs: { q: 1 } }) }, { q: 1 }],
  ['toolResult', { ...tool, 'traceloop.entity.output': asJson('sunny') }, 'sunny'],
  ['hasFailed', { ...tool, 'traceloop.entity.output': failure }, true],
  ['hasFailed', { ...tool, 'traceloop.entity.output': asJson({ result: 'ok' }) }, false],
  ['errorType', { ...tool, 'traceloop.entity.output': failure }, 'tool_error'],
  ['errorType', { 'gen_ai.guardrail.error.type': 'Timeout', 'gen_ai.guardrail.name': 'g' }, 'Timeout'],
  ['errorMessage', { ...tool, 'traceloop.entity.output': failure }, 'unknown city'],
  ['errorMessage', { 'gen_ai.guardrail.error.message': 'too late', 'gen_ai.guardrail.name': 'g' }, 'too late'],

  ['inputMessages', { ...model, 'traceloop.entity.input': asJson('hi') }, message('user', 'hi')],
  ['outputMessages', { ...model, 'traceloop.entity.output': asJson('yes') }, message('assistant', 'yes')],
  ['inputValue', { 'traceloop.entity.input': asJson({ args: ['go'], kwargs: {} }) }, 'go'],
  ['inputValue', { 'gen_ai.guardrail.input': '{"text":"t"}', 'gen_ai.guardrail.name': 'g' }, { text: 't' }],
  ['inputValue', { ...tool, 'traceloop.entity.input': '"go"' }, undefined],
  ['outputValue', { 'traceloop.entity.output': asJson({ outputs: [1], kwargs: {} }) }, [1]],
  ['outputValue', { 'gen_ai.guardrail.output': '{"ok":true}', 'gen_ai.guardrail.name': 'g' }, { ok: true }],
  ['outputValue', { ...model, 'traceloop.entity.output': '"yes"' }, undefined],
]);

const read = (attributes: Record<string, unknown>) => traceloop.read(new Source(spanOf(attributes)))?.reading;

describe('what a tool was given', () => {
  it.each<[string, unknown, unknown]>([
    ['keyword arguments', { args: [], kwargs: { city: 'Paris' } }, { city: 'Paris' }],
    ['one positional argument', { args: [{ city: 'Paris' }], kwargs: {} }, { city: 'Paris' }],
    ['one positional argument as JSON text', { args: ['{"city":"Paris"}'] }, { city: 'Paris' }],
    ['several positional arguments', { args: ['Paris', 2], kwargs: {} }, ['Paris', 2]],
    ['arguments of both kinds', { args: [1], kwargs: { a: 2 } }, { args: [1], kwargs: { a: 2 } }],
    ['no arguments', { args: [], kwargs: {} }, {}],
    ['a call of MCP', { tool_name: 'get_weather', arguments: { city: 'Paris' } }, { city: 'Paris' }],
    ['a call of MCP without arguments', { tool_name: 'now' }, {}],
    ['inputs of LangChain', { input_str: "{'city': 'Paris'}", inputs: { city: 'Paris' }, tags: [] }, { city: 'Paris' }],
    ['a text of LangChain', { input_str: 'Paris', inputs: null, metadata: {}, kwargs: {} }, 'Paris'],
    ['anything else', { city: 'Paris', args: 1 }, { city: 'Paris', args: 1 }],
  ])('is %s', (_what, sent, given) => {
    expect(read({ ...tool, 'traceloop.entity.input': asJson(sent) })?.toolArguments).toEqual(given);
  });
});

describe('what a tool gave back', () => {
  it.each<[string, unknown, unknown]>([
    ['a text', 'sunny', 'sunny'],
    ['JSON', { degrees: 18 }, { degrees: 18 }],
    ["LangChain's message", toolMessage, '18 °C'],
    ['a message in a callback', { output: toolMessage, kwargs: { color: 'green' } }, '18 °C'],
    ['a result of MCP', { result: 'sunny' }, 'sunny'],
    ['a failure of MCP', { result: 'unknown city', is_error: true }, 'unknown city'],
    ['nothing', null, null],
  ])('is %s', (_what, sent, given) => {
    expect(read({ ...tool, 'traceloop.entity.output': asJson(sent) })?.toolResult).toEqual(given);
  });
});

describe('a span of OpenLLMetry', () => {
  it('is no span of a library that happens to have a session_id', () => {
    expect(traceloop.read(new Source(spanOf({ session_id: 's' }, {}, { scope: { name: 'shop' } })))).toBeUndefined();
  });

  it('is what its operation says before what its kind says', () => {
    const { reading, convention } = readSpan(
      spanOf({
        'traceloop.span.kind': 'task',
        'gen_ai.operation.name': 'execute_tool',
        'traceloop.entity.name': 'Tool',
      }),
    );
    expect(reading).toMatchObject({ kind: 'tool', toolName: 'Tool' });
    expect(convention).toBe('otel-gen-ai');
  });

  it('has a guard for what it is, whatever its operation is called', () => {
    const attributes = {
      'gen_ai.operation.name': 'guard',
      'gen_ai.guardrail.name': 'pii',
      'gen_ai.guardrail.status': 'PASSED',
    };
    expect(readSpan(spanOf(attributes)).reading.kind).toBe('guardrail');
  });

  it('keeps what was said beside arguments and result', () => {
    const { carried, payloads } = readSpan(
      spanOf({
        ...tool,
        'traceloop.entity.input': asJson({ tool_name: 'get_weather', arguments: { city: 'Paris' } }),
        'traceloop.entity.output': asJson({ result: 'sunny', source: 'station 7' }),
      }),
    );
    expect(carried).toContain('traceloop.entity.output');
    expect(payloads).toContain('traceloop.entity.input');
  });
});
