import { expect, it } from 'vitest';
import { type Tool as DeclaredTool, tool as toolSchema } from '../../../../runtime/definition/tool-schema.ts';
import type { RunAgent } from '../../../../runtime/tools/agent-tool.ts';
import { callTool } from '../../../../runtime/tools/call-tool.ts';
import { openToolBox } from '../../../../runtime/tools/tool-box.ts';

const caller = { sessionId: 's', turnId: 't', callId: 'c' };
const handOver = { type: 'agent', name: 'decide_refund', description: 'Decides.', agent: 'refunds', timeout: '1s' };

async function open(declared: object[], runAgent: RunAgent = () => Promise.resolve({ text: 'yes', attempts: 1 })) {
  const tools: DeclaredTool[] = declared.map((one) => toolSchema.parse(one));
  const box = openToolBox(tools, { environment: {}, runAgent, onWarning: () => undefined });
  const opened = await box.open(new AbortController().signal);
  await box.close();
  return opened;
}

it('offers what can be bound and names what cannot', async () => {
  const http = { type: 'http', description: 'x', url: 'https://x.example/' };
  const { tools, unavailable } = await open([
    { ...http, name: 'open' },
    { ...http, name: 'locked', headers: { authorization: '${env:LOCKED_TOKEN}' } },
    { type: 'mcp', name: 'crm', url: '${env:CRM_URL}/mcp' },
    handOver,
  ]);
  expect(tools.map(({ spec, type, sideEffect }) => [spec.name, type, sideEffect])).toEqual([
    ['open', 'http', 'read'],
    ['decide_refund', 'agent', 'idempotent'],
  ]);
  expect(unavailable).toEqual([
    { name: 'locked', message: 'needs LOCKED_TOKEN in the environment, which is not set' },
    { name: 'crm', message: 'needs CRM_URL in the environment, which is not set' },
  ]);
});

it('hands a message to another agent', async () => {
  const asked: unknown[] = [];
  const { tools } = await open([handOver], (agent, message, context, tool) => {
    asked.push(agent, message, context.caller, context.idempotencyKey, tool.timeout);
    return Promise.resolve({
      text: 'Refund it.',
      attempts: 1,
      turn: { sessionId: 's2', turnId: 't2' },
      costUsd: '0.01',
    });
  });
  const context = { idempotencyKey: 'k', traceparent: 'p', caller, signal: new AbortController().signal };
  const call = { id: 'c', name: 'decide_refund', arguments: '{"message":"Broken cup."}' };
  expect(await callTool(call, tools, context)).toMatchObject({ text: 'Refund it.', costUsd: '0.01' });
  expect(asked).toEqual(['refunds', 'Broken cup.', caller, 'k', 1_000]);
  expect(await callTool({ ...call, arguments: '{}' }, tools, context)).toMatchObject({
    failure: 'invalid_arguments',
    text: 'Wrong arguments for decide_refund: message is missing.',
  });
});

it('tells an agent that is out of time from one that was cancelled', async () => {
  const waits: RunAgent = (_agent, _message, { signal }) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve({ text: 'stopped', failure: 'cancelled', attempts: 1 }));
    });
  const { tools } = await open([handOver], waits);
  const call = { id: 'c', name: 'decide_refund', arguments: '{"message":"x"}' };
  const cancel = new AbortController();
  const context = { idempotencyKey: 'k', traceparent: 'p', caller };
  const late = callTool(call, tools, { ...context, signal: new AbortController().signal });
  const cancelled = callTool(call, tools, { ...context, signal: cancel.signal });
  cancel.abort();
  expect(await cancelled).toMatchObject({ failure: 'cancelled' });
  expect(await late).toMatchObject({ failure: 'timeout', text: 'The call failed: no answer within 1 s.' });
});
