import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, refusal, type Runtime, startRuntime } from '../../support/runtime.ts';
import type { WireScript } from '../../support/wire/script.ts';
import { startWireServer, type WireRequest, type WireServer } from '../../support/wire/server.ts';

interface SentMessage {
  role: string;
  content: unknown;
  tool_calls?: { function: { name: string } }[];
}

let model: WireServer;
let api: Server;
let runtime: Runtime;
/** Calls of the tool, by path. */
const calls: { path: string; key: string | undefined }[] = [];

beforeAll(async () => {
  model = await startWireServer({ protocol: 'openai', answer: answerAs });
  api = createServer((request, response) => {
    calls.push({ path: request.url ?? '', key: request.headers['idempotency-key'] as string | undefined });
    if (request.url?.startsWith('/slow') === true) return; // never answers
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ path: request.url }));
  });
  await new Promise<void>((listening) => api.listen(0, '127.0.0.1', listening));
  const apiUrl = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  const chain = [{ model: 'local/one', baseUrl: model.url, retries: 0 }];
  const lookUp = {
    type: 'http',
    name: 'look_up',
    description: 'An item.',
    url: `${apiUrl}/items/{id}`,
    allowPrivateAddress: true,
    input: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
  };
  const tools = [lookUp];
  runtime = await startRuntime({
    agents: {
      worker: { instructions: 'Work.', model: chain, tools },
      limited: { instructions: 'Work.', model: chain, tools, limits: { maxSteps: 3, maxToolCalls: 4 } },
      slow: { instructions: 'Work.', model: chain, limits: { turnTimeout: '1s' } },
      costly: {
        instructions: 'Work.',
        model: [
          {
            model: 'simulated/quick',
            simulate: {
              usdPerMillionInput: 1000,
              usdPerMillionOutput: 1000,
              script: [{ call: [{ tool: 'look_up', with: { id: '1' } }] }],
            },
          },
        ],
        tools,
        limits: { maxCostPerTurn: 0.001 },
      },
      former: {
        instructions: 'Answer as JSON.',
        model: chain,
        output: { schema: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] }, repairs: 1 },
      },
      boss: {
        instructions: 'Delegate.',
        model: chain,
        tools: [{ type: 'agent', name: 'ask_worker', description: 'A worker.', agent: 'worker' }],
      },
      chained: {
        instructions: 'Work.',
        model: [
          { model: 'local/broken', baseUrl: model.url, retries: 1 },
          { model: 'local/one', baseUrl: model.url },
        ],
      },
      forgetful: {
        instructions: 'Remember.',
        model: chain,
        session: { history: { maxTurns: 3, compact: 'summarize', keepTurns: 2 } },
      },
      crowded: { instructions: 'Work.', model: chain, limits: { concurrency: 2 } },
      narrow: {
        instructions: 'Remember.',
        // The second one does not even let it in: it is still the length that has to be mended.
        model: [...chain, { model: 'local/locked', baseUrl: model.url, retries: 0 }],
      },
    },
  });
});

afterAll(async () => {
  await runtime.remove();
  await model.close();
  api.close();
});

/** What the model does, by the words of the user. */
function answerAs({ body }: WireRequest): WireScript {
  const messages = body['messages'] as SentMessage[];
  const last = messages.at(-1);
  const asked = String(messages.findLast(({ role }) => role === 'user')?.content);
  const results = messages
    .slice(messages.findLastIndex(({ role }) => role === 'user'))
    .filter(({ role }) => role === 'tool');
  const call = (id: string) => ({ name: 'look_up', arguments: { id } });
  if (body['model'] === 'broken') return { fail: 'server_error' };
  if (body['model'] === 'locked') return { fail: 'auth' };
  if (asked.startsWith('parallel')) {
    if (results.length === 0) return { text: 'Looking.', toolCalls: ['a', 'b', 'c'].map(call) };
    return { text: `Found ${results.map(({ content }) => String(content)).join(' ')}` };
  }
  if (asked.startsWith('forever')) return { toolCalls: [call(String(results.length))] };
  if (asked.startsWith('circle')) return { toolCalls: [call('same')] };
  if (asked.startsWith('many')) return { toolCalls: ['1', '2', '3', '4', '5'].map(call) };
  if (asked.startsWith('wrong') && results.length === 0)
    return { toolCalls: [{ name: 'look_up', arguments: { ident: 1 } }] };
  if (asked.startsWith('unknown') && results.length === 0) return { toolCalls: [{ name: 'lookup', arguments: {} }] };
  if (asked.startsWith('hang')) return { hang: true };
  if (asked.startsWith('delegate') && results.length === 0)
    return { toolCalls: [{ name: 'ask_worker', arguments: { message: 'parallel please' } }] };
  if (asked.startsWith('form')) return { text: 'n is 3' };
  if (asked.startsWith('stubborn')) return { text: '{}' };
  if (asked.startsWith('Your answer does not have')) return { text: asked.includes('not JSON') ? '{"n": 3}' : 'no' };
  if (asked.startsWith('Summarize')) return { text: 'They spoke of many things.' };
  if (asked.startsWith('overflow') && messages.length > 3) return { fail: 'context_too_long' };
  if (asked.startsWith('while')) return { text: 'a while', firstTokenMs: 150 };
  return { text: `Done: ${String(last?.content)}` };
}

test('calls of one step run at once, and the model gets every result behind its call', async () => {
  calls.length = 0;
  const { text, turn } = await ask(runtime, 'worker', 'parallel');
  expect(text).toBe('Looking.\n\nFound {"path":"/items/a"} {"path":"/items/b"} {"path":"/items/c"}');
  expect(turn).toMatchObject({ state: 'completed', steps: 2, tool_calls: 3 });
  expect(calls.map(({ path }) => path).toSorted()).toEqual(['/items/a', '/items/b', '/items/c']);
});

test('wrong arguments and unknown tools are told to the model, which goes on', async () => {
  const wrong = await ask(runtime, 'worker', 'wrong');
  expect(wrong).toMatchObject({ turn: { state: 'completed', tool_calls: 1 } });
  expect(wrong.text).toContain('Wrong arguments for look_up');
  expect((await ask(runtime, 'worker', 'unknown')).text).toContain('There is no tool lookup');
});

test('each limit ends the turn with its reason, which the reply and its text say', async () => {
  const steps = await ask(runtime, 'limited', 'forever');
  expect(steps).toMatchObject({
    finish: 'length',
    text: '[The turn was ended after 3 model calls (limits.maxSteps).]',
    turn: { state: 'limited', reason: 'max_steps', steps: 3, tool_calls: 3 },
  });
  expect((await ask(runtime, 'limited', 'many')).turn).toMatchObject({ reason: 'max_tool_calls', tool_calls: 0 });
  expect((await ask(runtime, 'slow', 'hang')).turn).toMatchObject({ state: 'limited', reason: 'turn_timeout' });
  expect((await ask(runtime, 'costly', 'work on item 1')).turn).toMatchObject({ reason: 'max_cost_per_turn' });
});

test('a call that goes in circles is refused, and ends the turn when it goes on', async () => {
  calls.length = 0;
  const { turn } = await ask(runtime, 'worker', 'circle');
  expect(turn).toMatchObject({ state: 'limited', reason: 'loop_detected', tool_calls: 5 });
  expect(calls).toHaveLength(2);
});

test('an answer of another form is repaired, or fails when it cannot be', async () => {
  expect(await ask(runtime, 'former', 'form')).toMatchObject({
    text: '{"n": 3}',
    turn: { state: 'completed', steps: 2 },
  });
  expect(await refusal(ask(runtime, 'former', 'stubborn'))).toMatchObject({ status: 502, code: 'output_invalid' });
});

test('another agent is asked as a tool, in a turn of its own', async () => {
  const { text, turn } = await ask(runtime, 'boss', 'delegate');
  expect(turn).toMatchObject({ state: 'completed', steps: 2, tool_calls: 1 });
  expect(text).toContain('Found {"path":"/items/a"}');
});

test('the next model takes over after the first one failed as often as it may', async () => {
  const before = model.requests.length;
  expect((await ask(runtime, 'chained', 'hello')).text).toBe('Done: hello');
  expect(model.requests.slice(before).map(({ body }) => body['model'])).toEqual(['broken', 'broken', 'one']);
});

test('older turns become a summary, a call never loses its result, and the session itself keeps everything', async () => {
  const { sessionId } = await ask(runtime, 'forgetful', 'first');
  const headers = { 'x-session-id': sessionId };
  for (const words of ['second', 'third', 'fourth']) await ask(runtime, 'forgetful', words, headers);
  const sent = (model.requests.at(-1)?.body['messages'] as SentMessage[]).map(({ content }) => String(content));
  expect(sent).toEqual([
    'Remember.\n\nSummary of the conversation before:\nThey spoke of many things.',
    ...['third', 'Done: third', 'fourth'],
  ]);
  const summaries = () =>
    model.requests.filter(({ body }) => JSON.stringify(body).includes('Summarize the conversation'));
  const before = summaries().length;
  await ask(runtime, 'forgetful', 'fifth', headers);
  expect(summaries()).toHaveLength(before);
  const stored = (await (await fetch(`${runtime.url}/v1/sessions/${sessionId}`)).json()) as {
    turns: { text: string }[];
  };
  expect(stored.turns.map(({ text }) => text)).toEqual([
    'Done: first',
    'Done: second',
    'Done: third',
    'Done: fourth',
    'Done: fifth',
  ]);
});

test('a session that has become too long for its model rescues itself', async () => {
  const { sessionId } = await ask(runtime, 'narrow', 'a beginning');
  const { text, turn } = await ask(runtime, 'narrow', 'overflow', { 'x-session-id': sessionId });
  expect({ text, turn }).toMatchObject({ text: 'Done: overflow', turn: { state: 'completed' } });
});

test('an agent runs as many turns at a time as it is declared to, in whichever sessions', async () => {
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, model.openCount())), 5);
  const answers = await Promise.all(Array.from({ length: 6 }, () => ask(runtime, 'crowded', 'while')));
  clearInterval(watch);
  expect(answers.map(({ text }) => text)).toEqual(Array.from({ length: 6 }, () => 'a while'));
  expect(most).toBe(2);
});
