import { expect, it, vi } from 'vitest';
import { callTool } from '../../../../runtime/tools/call-tool.ts';
import type { Tool, ToolCallContext, ToolResult } from '../../../../runtime/tools/tool.ts';

const input = {
  type: 'object',
  properties: {
    order_id: { type: 'string', pattern: '^[0-9]{4,10}$' },
    speed: { enum: ['slow', 'fast'] },
    items: { type: 'array', items: { type: 'object', properties: { 'a/b': { type: 'integer' } } } },
    mail: { type: 'string', format: 'email' },
  },
  required: ['order_id'],
  additionalProperties: false,
};

function makeTool(changed: Partial<Tool> = {}, name = 'find_order'): Tool {
  return {
    spec: { name, input },
    type: 'http',
    sideEffect: 'read',
    timeoutMs: 1_000,
    call: (args) => Promise.resolve({ text: JSON.stringify(args), attempts: 1 }),
    ...changed,
  };
}

function context(signal = new AbortController().signal): ToolCallContext {
  return { idempotencyKey: 'k', traceparent: 't', caller: { sessionId: 's', turnId: 't', callId: 'c' }, signal };
}

function call(text: string, tool = makeTool(), name = 'find_order'): Promise<ToolResult> {
  return callTool({ id: '1', name, arguments: text }, [tool, makeTool({}, 'cancel_order')], context());
}

it('gives the tool what the model wrote', async () => {
  expect(await call('{"order_id":"1234","mail":"no mail"}')).toEqual({
    text: '{"order_id":"1234","mail":"no mail"}',
    attempts: 1,
  });
});

it.each([
  ['{"order_id":', 'the arguments are no valid JSON: Unexpected end of JSON input'],
  ['["1234"]', 'the arguments must be a JSON object (got ["1234"])'],
  ['null', 'the arguments must be a JSON object (got null)'],
  ['', 'order_id is missing'],
  ['{}', 'order_id is missing'],
  ['{"order_id":"x"}', 'order_id must match pattern "^[0-9]{4,10}$" (got "x")'],
  ['{"order_id":1234}', 'order_id must be string (got 1234)'],
  ['{"order_id":"1234","id":1}', 'id is not known'],
  ['{"order_id":"1234","__proto__":{"a":1}}', '__proto__ is not known'],
  [
    '{"order_id":"1234","speed":"medium"}',
    'speed must be equal to one of the allowed values: "slow", "fast" (got "medium")',
  ],
  ['{"order_id":"1234","items":[{"a/b":1.5}]}', 'items.0.a/b must be integer (got 1.5)'],
  ['{"a":1,"order_id":"1"}', 'a is not known; order_id must match pattern "^[0-9]{4,10}$" (got "1")'],
  [`{"order_id":"${'x'.repeat(100)}"}`, `order_id must match pattern "^[0-9]{4,10}$" (got "${'x'.repeat(59)}…)`],
])('says what is wrong with %s', async (text, fault) => {
  const result = { failure: 'invalid_arguments', attempts: 0 };
  expect(await call(text)).toEqual({ ...result, text: `Wrong arguments for find_order: ${fault}.` });
});

it('shows ten faults and counts the others', async () => {
  const wrong = Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`p${i}`, 1]));
  const { text } = await call(JSON.stringify({ order_id: '1234', ...wrong }));
  expect(text).toMatch(/p9 is not known; and 5 more faults\.$/);
});

it.each<[string, { $schema?: string; [rule: string]: unknown }]>([
  ['draft-07', { $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'number' }] }],
  ['draft-04', { $schema: 'http://json-schema.org/draft-04/schema#', items: [{ type: 'number' }] }],
  ['2020-12', { $schema: 'https://json-schema.org/draft/2020-12/schema', prefixItems: [{ type: 'number' }] }],
  ['no dialect', { prefixItems: [{ type: 'number' }] }],
])('checks schemas of %s', async (_name, { $schema, ...list }: { $schema?: string }) => {
  const schema = { ...($schema === undefined ? {} : { $schema }), type: 'object', properties: { l: list }, 'x-own': 1 };
  const tool = makeTool({ spec: { name: 'find_order', input: schema } });
  expect(await call('{"l":["x"]}', tool)).toMatchObject({ failure: 'invalid_arguments' });
  expect(await call('{"l":[1]}', tool)).toMatchObject({ attempts: 1 });
});

it.each([{ $ref: 'https://elsewhere.example/schema.json' }, { type: 'object', properties: { a: { pattern: '(' } } }])(
  'leaves a schema that cannot be read to the tool: %j',
  async (schema) => {
    expect(await call('{"a":1}', makeTool({ spec: { name: 'find_order', input: schema } }))).toMatchObject({
      attempts: 1,
    });
  },
);

it('names the tools there are for one that there is not', async () => {
  expect(await call('{}', makeTool(), 'find_ordr')).toEqual({
    text: 'There is no tool find_ordr, allowed: find_order, cancel_order, did you mean find_order?',
    failure: 'unknown_tool',
    attempts: 0,
  });
  expect(await callTool({ id: '1', name: 'x', arguments: '' }, [], context())).toMatchObject({
    text: 'There is no tool x, allowed: none',
  });
});

it('makes a result of a tool that throws', async () => {
  const fails = { call: () => Promise.reject(new Error('secret detail')) };
  expect(await call('{"order_id":"1234"}', makeTool(fails))).toEqual({
    text: 'The call failed: the tool has a fault inside the runtime.',
    failure: 'tool_error',
    attempts: 1,
  });
  expect(await call('{"order_id":"1234"}', makeTool({ ...fails, sideEffect: 'write' }))).toMatchObject({
    failure: 'outcome_unknown',
  });
});

it('leaves a tool behind that does not end in time', async () => {
  vi.useFakeTimers();
  try {
    const hangs = { call: () => new Promise<never>(() => undefined) };
    const read = call('{"order_id":"1234"}', makeTool(hangs));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await read).toMatchObject({ failure: 'timeout', text: 'The call failed: no answer within 1 s.' });
    const cancel = new AbortController();
    const named = { id: '1', name: 'find_order', arguments: '{"order_id":"1234"}' };
    const write = callTool(named, [makeTool({ ...hangs, sideEffect: 'write' })], context(cancel.signal));
    cancel.abort();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await write).toMatchObject({ failure: 'outcome_unknown' });
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

it('calls nothing for a turn that has ended', async () => {
  const tool = makeTool({ call: () => Promise.reject(new Error('called')), sideEffect: 'write' });
  const named = { id: '1', name: 'find_order', arguments: '{"order_id":"1234"}' };
  expect(await callTool(named, [tool], context(AbortSignal.abort()))).toMatchObject({
    failure: 'cancelled',
    attempts: 0,
  });
});
