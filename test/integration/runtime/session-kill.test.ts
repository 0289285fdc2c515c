import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Turn } from '../../../runtime/sessions/record.ts';
import type { SessionStore } from '../../../runtime/sessions/store.ts';
import type { KilledRuntimeOptions } from '../../support/killed-runtime.ts';
import { ask, type Answer } from '../../support/runtime.ts';
import { type StoreGround, storeKinds, textOf } from '../../support/session-stores.ts';
import { makeTempDir } from '../../support/temp-dir.ts';
import type { WireScript } from '../../support/wire/script.ts';
import { startWireServer, type WireRequest, type WireServer } from '../../support/wire/server.ts';

const runtimeFile = join(import.meta.dirname, '../../support/killed-runtime.ts');
/** Long enough for a busy machine: who loses a lease while it lives is another test. */
const leaseMs = 3_000;
/** Until a process that was killed has closed its connections. */
const closingMs = 500;
/**
 * What the clerk writes down in its turn: session, turn, claim, step, two calls begun, two results, step, call begun, result,
 * step, end.
 */
const writeCount = 13;

/** Where a process dies: at a write to its store, while it waits for a tool, or while it reads a model's answer. */
type KillPoint =
  | { at: 'write'; write: number; when: 'before' | 'after' }
  | { at: 'tool'; tool: string }
  | { at: 'model'; step: number; pieces: number };

const killPoints: [string, KillPoint][] = [
  ...Array.from({ length: writeCount }, (_, index) => index + 1).flatMap((write) =>
    (['before', 'after'] as const).map((when): [string, KillPoint] => [
      `${when} write ${write}`,
      { at: 'write', write, when },
    ]),
  ),
  ...['refund-1', 'look_up-1', 'refund-2'].map((tool): [string, KillPoint] => [`at ${tool}`, { at: 'tool', tool }]),
  ...[0, 1, 2].flatMap((step) =>
    [0, 2].map((pieces): [string, KillPoint] => [
      `at model call ${step}, after ${pieces} pieces`,
      { at: 'model', step, pieces },
    ]),
  ),
];

interface Scenario {
  point: KillPoint;
  victim: RunningRuntime;
  /** Calls that tools received, by tool and number, each with its idempotency key. */
  calls: { name: string; key: string }[];
  /** What the model was given: one list of `role: text` for each of its calls. */
  asked: string[][];
  /** The process is dead. */
  isOver: boolean;
  /** Its call of a tool got no answer. */
  wasCut: boolean;
}

interface RunningRuntime {
  child: ChildProcess;
  client: OpenAI;
  exited: Promise<unknown>;
}

describe.each(storeKinds)('a runtime on $kind that is killed', ({ start }) => {
  let ground: StoreGround;
  let store: SessionStore;
  let model: WireServer;
  let tools: Server;
  let survivor: RunningRuntime;
  const dir = makeTempDir('killed');
  const agentsDir = join(dir.path, 'agents');
  const scenarios = new Map<string, Scenario>();
  const children: ChildProcess[] = [];
  let tries = 0;

  beforeAll(async () => {
    ground = await start();
    store = await ground.open();
    model = await startWireServer({ protocol: 'openai', answer: (request) => answerAs(scenarios, request) });
    tools = createServer((request, response) => {
      void readText(request).then((body) => {
        const name = `${request.url?.slice(1) ?? ''}-${(JSON.parse(body) as { number: string }).number}`;
        const scenario = scenarios.get((JSON.parse(body) as { about: string }).about);
        scenario?.calls.push({ name, key: String(request.headers['idempotency-key']) });
        const answer = () => {
          response.setHeader('content-type', 'application/json').end(JSON.stringify({ done: name }));
        };
        if (scenario?.point.at !== 'tool' || scenario.point.tool !== name || scenario.isOver) {
          answer();
          return;
        }
        // A process that lost its turn to the survivor before it came here gets killed all the same: then the survivor asks.
        kill(scenario);
        const timer = setTimeout(answer, closingMs);
        response.once('close', () => {
          clearTimeout(timer);
          scenario.wasCut = !response.writableFinished;
        });
      });
    });
    await new Promise<void>((listening) => tools.listen(0, '127.0.0.1', listening));
    const toolUrl = `http://127.0.0.1:${(tools.address() as AddressInfo).port}`;
    mkdirSync(agentsDir);
    writeFileSync(join(agentsDir, 'clerk.yaml'), JSON.stringify(clerk(model.url, toolUrl)));
    survivor = await startKilled({ sweeps: true });
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    tools.closeAllConnections();
    tools.close();
    await model.close();
    await ground.stop();
    dir.remove();
  });

  async function startKilled(options: Pick<KilledRuntimeOptions, 'sweeps' | 'dieAt'>): Promise<RunningRuntime> {
    const all: KilledRuntimeOptions = { settings: ground.settings, agentsDir, leaseMs, ...options };
    const child = fork(runtimeFile, [JSON.stringify(all)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    children.push(child);
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const [message] = (await Promise.race([
      new Promise((resolve) =>
        child.once('message', (value) => {
          resolve([value]);
        }),
      ),
      exited.then(() => Promise.reject(new Error('the runtime did not start'))),
    ])) as [{ url: string }];
    return { child, exited, client: new OpenAI({ baseURL: `${message.url}/v1`, apiKey: 'none', maxRetries: 0 }) };
  }

  test.concurrent.for(killPoints)(
    '%s: nothing is lost, doubled or done twice',
    async ([name, point], { expect, onTestFailed }) => {
      tries += 1;
      // A second try is another turn: on a busy machine the survivor may claim one before the process does that is to die in it.
      const about = `scenario ${name} try ${tries}`.replaceAll(' ', '_');
      const dieAt = point.at === 'write' ? { dieAt: { write: point.write, when: point.when } } : {};
      const victim = await startKilled({ sweeps: false, ...dieAt });
      const scenario: Scenario = { point, victim, calls: [], asked: [], isOver: false, wasCut: false };
      scenarios.set(about, scenario);
      const headers = { 'idempotency-key': about };
      onTestFailed(async () => {
        console.log(JSON.stringify([scenario.calls, await findTurnsAbout(about)], null, 1));
      });

      await expect(ask(victim, 'clerk', about, headers)).rejects.toThrow(/Connection error|terminated|closed/);
      await victim.exited;
      scenario.isOver = true;
      // The client, which knows nothing, says the same again; or it stays away, and what was accepted is done without it.
      const wasAccepted = point.at !== 'write' || point.write > 2 || (point.write === 2 && point.when === 'after');
      const comesBack = point.at === 'write' && point.when === 'before';
      if (wasAccepted && !comesBack)
        await expect.poll(() => findTurnAbout(about), { timeout: 30_000 }).toBe('completed');
      const answer = await ask(survivor, 'clerk', about, headers);
      expect(answer).toMatchObject({
        text: 'I will see to it.\n\nOne more is left.\n\nIt is all done.',
        turn: { state: 'completed' },
      });
      const next = await ask(survivor, 'clerk', `${about} thanks`, { 'x-session-id': answer.sessionId });
      expect(next.text).toBe('You are welcome.');

      const turns = await store.listTurns(answer.sessionId);
      expect(turns.map((turn) => [turn.number, textOf(turn), turn.state])).toEqual([
        [1, about, 'completed'],
        [2, `${about} thanks`, 'completed'],
      ]);
      checkCalls(scenario, turns[0]);
      checkRecord(turns[0], answer);
      checkAsked(scenario, about);
    },
  );

  async function findTurnsAbout(about: string): Promise<Turn[]> {
    for (const session of await store.listSessions({ agent: 'clerk', limit: 1_000 })) {
      const turns = await store.listTurns(session.id);
      if (turns[0] !== undefined && textOf(turns[0]) === about) return turns;
    }
    return [];
  }

  async function findTurnAbout(about: string): Promise<string | undefined> {
    return (await findTurnsAbout(about))[0]?.state;
  }
});

function kill({ victim, isOver }: Scenario): void {
  if (!isOver) victim.child.kill('SIGKILL');
}

function clerk(modelUrl: string, toolUrl: string): object {
  const input = {
    type: 'object',
    properties: { about: { type: 'string' }, number: { type: 'string' } },
    required: ['about', 'number'],
  };
  const tool = (name: string, sideEffect: string) => ({
    ...{ type: 'http', name, description: name, method: 'POST', url: `${toolUrl}/${name}`, sideEffect, input },
    allowPrivateAddress: true,
  });
  return {
    name: 'clerk',
    instructions: 'Pay back what is asked for.',
    model: [{ model: 'local/one', baseUrl: modelUrl, retries: 0 }],
    tools: [tool('refund', 'write'), tool('look_up', 'read')],
  };
}

/** Two tools at once, then one, then the answer. */
function answerAs(scenarios: ReadonlyMap<string, Scenario>, { body }: WireRequest): WireScript {
  const messages = body['messages'] as { role: string; content: unknown; tool_calls?: unknown[] }[];
  const said = String(messages.findLast(({ role }) => role === 'user')?.content);
  const [about = '', thanks] = said.split(' ');
  const scenario = scenarios.get(about);
  scenario?.asked.push(messages.map(({ role, content }) => `${role}: ${String(content)}`));
  if (thanks !== undefined) return { text: 'You are welcome.' };
  const step = messages
    .slice(messages.findLastIndex(({ role }) => role === 'user'))
    .filter(({ role }) => role === 'assistant').length;
  const call = (name: string, number: string) => ({ id: `call_${step}_${name}`, name, arguments: { about, number } });
  const replies = [
    { text: 'I will see to it.', toolCalls: [call('refund', '1'), call('look_up', '1')] },
    { text: 'One more is left.', toolCalls: [call('refund', '2')] },
    { text: 'It is all done.' },
  ];
  const reply = replies[step] ?? { text: 'unexpected' };
  const point = scenario?.point;
  if (scenario === undefined || scenario.isOver || point?.at !== 'model' || point.step !== step) return reply;
  const gapMs = 100;
  setTimeout(
    () => {
      kill(scenario);
    },
    gapMs * (point.pieces + 0.5),
  );
  return { ...reply, firstTokenMs: gapMs, gapMs };
}

/** A write is sent once, or it is said that its outcome is unknown; what may be repeated keeps its key. */
function checkCalls({ point, calls, wasCut }: Scenario, turn: Turn | undefined): void {
  const counts = (name: string) => calls.filter((call) => call.name === name);
  for (const name of ['refund-1', 'refund-2']) {
    const entry = turn?.entries.find((one) => one.type === 'tool' && `${one.name}-${numberOf(one)}` === name);
    const isUnknown = entry?.type === 'tool' && entry.failure === 'outcome_unknown';
    expect(counts(name).length).toBeLessThanOrEqual(1);
    if (!isUnknown) expect(counts(name)).toHaveLength(1);
    if (point.at === 'tool' && point.tool === name && wasCut) expect(isUnknown).toBe(true);
  }
  expect(new Set(counts('look_up-1').map(({ key }) => key)).size).toBe(1);
  expect(counts('look_up-1').length).toBeLessThanOrEqual(2);
}

/** Steps and tools once each, in their order. */
function checkRecord(turn: Turn | undefined, answer: Answer): void {
  if (turn === undefined) throw new Error('there is no turn');
  expect(turn.id).toBe(answer.turn.turn_id);
  const steps = turn.entries.filter(({ type }) => type === 'step');
  expect(steps.map((one) => one.type === 'step' && one.step)).toEqual([0, 1, 2]);
  const places = turn.entries.map((entry) => `${entry.type} ${'callId' in entry ? entry.callId : ''}`);
  expect(new Set(places.filter((place) => !place.startsWith('step'))).size).toBe(places.length - steps.length);
  for (const callId of ['call_0_refund', 'call_0_look_up', 'call_1_refund']) {
    const [begun, done] = [places.indexOf(`tool_started ${callId}`), places.indexOf(`tool ${callId}`)];
    expect(begun).toBeGreaterThanOrEqual(0);
    expect(done).toBeGreaterThan(begun);
  }
}

/** The model has been told the same story at every call, and the whole of it at the last one. */
function checkAsked({ asked }: Scenario, about: string): void {
  const last = asked.at(-1) ?? [];
  for (const earlier of asked) expect(last.slice(0, earlier.length)).toEqual(earlier);
  expect(last.filter((one) => one.startsWith('user:'))).toEqual([`user: ${about}`, `user: ${about} thanks`]);
  expect(last.map((one) => one.split(':')[0])).toEqual([
    'system',
    'user',
    'assistant',
    'tool',
    'tool',
    'assistant',
    'tool',
    'assistant',
    'user',
  ]);
}

function numberOf(entry: { arguments: string }): string {
  return (JSON.parse(entry.arguments) as { number: string }).number;
}
