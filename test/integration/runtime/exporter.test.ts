import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Entry } from '../../../runtime/sessions/record.ts';
import { openSqliteStore } from '../../../runtime/sessions/sqlite-store.ts';
import { type SessionStore, StoreUnavailableError } from '../../../runtime/sessions/store.ts';
import { type ExporterOptions, SpanExporter, type TurnRef } from '../../../runtime/telemetry/exporter.ts';
import { SpanSender } from '../../../runtime/telemetry/span-sender.ts';
import { makeAttempt, makeInput, makeSession, makeStep, supportFacts } from '../../support/runtime-turns.ts';
import { makeTempDir } from '../../support/temp-dir.ts';
import { type OtlpReceiver, startOtlpReceiver } from './otlp-receiver.ts';

const patience = { timeout: 20_000, interval: 20 };
const never = 3_600_000;

let store: SessionStore;
let undo: (() => unknown)[];
let lines: { level: number; msg: string; name?: string }[];
let log: Logger;

beforeEach(() => {
  const dir = makeTempDir('outbox');
  store = openSqliteStore(join(dir.path, 'sessions.db'));
  undo = [
    () => {
      dir.remove();
    },
    () => store.close(),
  ];
  lines = [];
  const write = (line: string) => {
    lines.push(JSON.parse(line) as (typeof lines)[number]);
  };
  log = pino({ base: null }, { write });
});
afterEach(async () => {
  for (const one of undo.toReversed()) await one();
});

async function receive(options: Parameters<typeof startOtlpReceiver>[0] = {}): Promise<OtlpReceiver> {
  const receiver = await startOtlpReceiver(options);
  undo.push(() => receiver.close());
  return receiver;
}

function startExporter(url: string, options: Partial<ExporterOptions> = {}): SpanExporter {
  const sender = new SpanSender({
    endpoint: url,
    headers: { 'x-sightglass-project': 'p1' },
    version: '0.0.0-test',
    log,
  });
  const describe = () => Promise.resolve(supportFacts);
  const exporter = new SpanExporter({
    store,
    sender,
    describe,
    gatewayCapture: 'full',
    log,
    sweepMs: never,
    ...options,
  });
  exporter.start();
  undo.push(() => exporter.drain(100));
  return exporter;
}

/** Runs a turn to its end, as far as the store is concerned. */
async function endTurn({ steps = 1, text = 'Hello' } = {}): Promise<TurnRef> {
  const ref = { sessionId: randomUUID(), turnId: 'turn-1' };
  const nowMs = Date.now();
  await store.createSession(makeSession({ id: ref.sessionId, createdMs: nowMs, expiresMs: nowMs + 60_000 }));
  const turn = { id: ref.turnId, input: makeInput(text), idempotencyKey: null, contentHash: 'hash' };
  await store.accept(ref.sessionId, turn, { ttlMs: 60_000, onBusy: 'queue', queueLimit: 1 });
  const claimed = await store.claim(ref.sessionId, { owner: 'test', leaseMs: 60_000 });
  if (claimed === undefined) throw new Error('the turn could not be claimed');
  const entries = Array.from({ length: steps }, (_, step): Entry => {
    const attempts = [makeAttempt({ startMs: nowMs + step, endMs: nowMs + step + 1 })];
    return makeStep({ step, text: 'Hi', attempts });
  });
  await store.append(claimed.claim, entries, 0);
  await store.finish(claimed.claim, { state: 'completed', text: 'Hi', atMs: nowMs + steps });
  return ref;
}

const spansIn = ({ requests }: OtlpReceiver) => requests.flat();
const logged = (level: number) => lines.filter((line) => line.level === level);
const [info, warning, error] = [30, 40, 50] as const;
const outbox = () => store.listUnexported(1_000);

it('sends a turn as soon as it has ended, and takes it out of the outbox', async () => {
  const receiver = await receive();
  const exporter = startExporter(receiver.url);
  exporter.notify(await endTurn());
  await expect.poll(outbox, patience).toEqual([]);
  expect(spansIn(receiver).map(({ name }) => name)).toEqual(['invoke_agent support', 'chat gpt-5-mini']);
  expect(receiver.headers[0]).toMatchObject({ 'x-sightglass-project': 'p1' });
});

it('sends what other processes left behind', async () => {
  const receiver = await receive();
  await endTurn();
  const exporter = startExporter(receiver.url, { sweepMs: 50 });
  await expect.poll(outbox, patience).toEqual([]);
  await endTurn();
  await expect.poll(outbox, patience).toEqual([]);
  expect(spansIn(receiver)).toHaveLength(4);
  expect(await exporter.drain(1_000)).toBe(true);
});

it('while the collector is away nothing is lost, and it is said once', async () => {
  const gone = await startOtlpReceiver();
  await gone.close();
  const exporter = startExporter(gone.url);
  for (let count = 0; count < 30; count += 1) exporter.notify(await endTurn());
  await expect.poll(() => logged(warning).length, patience).toBe(1);
  const receiver = await receive({ port: gone.port });
  await expect.poll(outbox, { ...patience, timeout: 40_000 }).toEqual([]);
  expect(new Set(spansIn(receiver).map(({ spanId }) => spanId)).size).toBe(60);
  expect(logged(warning)).toHaveLength(1);
  expect(logged(info).map(({ msg }) => msg)).toEqual(['spans are sent again']);
});

it('a turn that was sent and not noted is sent again with the same ids', async () => {
  const receiver = await receive();
  const ref = await endTurn();
  let isDown = true;
  const forgetful: SessionStore = {
    ...store,
    markExported: async (turns) => {
      if (isDown) throw new StoreUnavailableError('away');
      await store.markExported(turns);
    },
  };
  startExporter(receiver.url, { store: forgetful }).notify(ref);
  await expect.poll(() => receiver.requests.length, patience).toBe(1);
  isDown = false;
  await expect.poll(outbox, patience).toEqual([]);
  const [first, again] = receiver.requests;
  expect(again).toEqual(first);
});

it('two processes that send the same turns send the same spans', async () => {
  const receiver = await receive();
  for (let count = 0; count < 20; count += 1) await endTurn();
  startExporter(receiver.url);
  startExporter(receiver.url);
  await expect.poll(outbox, patience).toEqual([]);
  expect(new Set(spansIn(receiver).map(({ spanId }) => spanId)).size).toBe(40);
});

it('a span that the collector refuses costs its neighbours nothing', async () => {
  const receiver = await receive({
    answer: (spans) => (spans.some(({ name }) => name === 'chat poison') ? 400 : 200),
  });
  const refs = [await endTurn(), await endTurn(), await endTurn()];
  const exporter = startExporter(receiver.url, {
    store: {
      ...store,
      findTurn: async (sessionId, turnId) => {
        const turn = await store.findTurn(sessionId, turnId);
        if (sessionId !== refs[1]?.sessionId || turn === undefined) return turn;
        const attempts = [makeAttempt({ model: 'poison', startMs: Date.now(), endMs: Date.now() })];
        return { ...turn, entries: [makeStep({ attempts })] };
      },
    },
  });
  for (const ref of refs) exporter.notify(ref);
  await expect.poll(outbox, patience).toEqual([]);
  expect(new Set(spansIn(receiver).map(({ spanId }) => spanId)).size).toBe(5);
  expect(logged(warning)).toMatchObject([{ name: 'chat poison', msg: 'the collector refuses a span: it is dropped' }]);
});

it('a turn whose spans cannot be made stays in the outbox, and stops nobody', async () => {
  const receiver = await receive();
  const [broken, good] = [await endTurn(), await endTurn()];
  const exporter = startExporter(receiver.url, {
    // What a fault of ours would look like.
    describe: ({ id }) =>
      Promise.resolve({ ...supportFacts, ...(id === broken.sessionId ? { tools: null as never } : {}) }),
  });
  exporter.notify(broken);
  exporter.notify(good);
  await expect.poll(outbox, patience).toEqual([broken]);
  expect(spansIn(receiver)).toHaveLength(2);
  expect(logged(error)).toHaveLength(1);
  expect(await exporter.drain(5_000)).toBe(false);
});

it('a turn of a session that was deleted meanwhile is nothing to send', async () => {
  const receiver = await receive();
  const ref = await endTurn();
  await store.deleteSession(ref.sessionId);
  const exporter = startExporter(receiver.url);
  exporter.notify(ref);
  expect(await exporter.drain(5_000)).toBe(true);
  expect([await outbox(), receiver.requests]).toEqual([[], []]);
});

it('an agent whose definition is gone tells no content', async () => {
  const receiver = await receive();
  startExporter(receiver.url, { describe: () => Promise.resolve(undefined) }).notify(await endTurn());
  await expect.poll(outbox, patience).toEqual([]);
  expect(spansIn(receiver)[0]?.name).toBe('invoke_agent support');
});

it('a turn of a thousand steps comes in several requests', async () => {
  const receiver = await receive();
  startExporter(receiver.url).notify(await endTurn({ steps: 1_000 }));
  await expect.poll(outbox, { ...patience, timeout: 40_000 }).toEqual([]);
  expect(spansIn(receiver)).toHaveLength(1_001);
  for (const { length } of receiver.requests) expect(length).toBeLessThanOrEqual(200);
});

it('calls of the gateway are sent and forgotten', async () => {
  const receiver = await receive();
  const exporter = startExporter(receiver.url);
  await store.keepCall({
    ...{ id: 'call-1', conversationId: null, user: null, labels: {}, traceparent: null, messages: [], tools: [] },
    attempts: [makeAttempt({ startMs: 1_000, endMs: 2_000 })],
  });
  exporter.notify();
  await expect.poll(() => store.listCalls(10), patience).toEqual([]);
  expect(spansIn(receiver).map(({ name }) => name)).toEqual(['gateway openai/gpt-5-mini', 'chat gpt-5-mini']);
});

it('draining sends what is left', async () => {
  const receiver = await receive();
  const exporter = startExporter(receiver.url);
  for (let count = 0; count < 250; count += 1) await endTurn();
  expect(await exporter.drain(15_000)).toBe(true);
  expect(await outbox()).toEqual([]);
  expect(new Set(spansIn(receiver).map(({ spanId }) => spanId)).size).toBe(500);
});

it('draining ends in time, though the collector does not answer', async () => {
  const receiver = await receive({ answer: () => 'hang' });
  const exporter = startExporter(receiver.url);
  const ref = await endTurn();
  exporter.notify(ref);
  const startMs = performance.now();
  expect(await exporter.drain(300)).toBe(false);
  expect(performance.now() - startMs).toBeLessThan(2_000);
  expect(await outbox()).toEqual([ref]);
});
