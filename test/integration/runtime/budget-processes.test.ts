import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { BudgetStore } from '../../../runtime/budgets/store/store.ts';
import { addUsd, reachesUsd } from '../../../runtime/run/money.ts';
import {
  type BudgetGround,
  budgetKinds,
  makeAccount,
  makeHold,
  readSums,
  startRedisBudgets,
} from '../../support/budget-stores.ts';
import type { BudgetNote, BudgetWorkerOptions } from '../../support/budget-worker.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const workerFile = join(import.meta.dirname, '../../support/budget-worker.ts');
const project = 'chaos';
const account = 'one 2026-11';
const processes = 4;
const parallel = 125;
/** Of the five hundred calls less than four hundred have room at a time. */
const worstNanos = 20_000_000;
const worstUsd = '0.02';
/** Longer than a test: time passes when the test says so, however busy the machine is. */
const holdMs = 600_000;
const roundPauseMs = 50;
const patience = { timeout: 90_000 };
const raisesUsd = ['2', '3', '4', '5'];
/** Room for all of them, and for all that are never heard of again. */
const roomyUsd = '50';
const callsPerRaise = 150;
const limitUsd = raisesUsd.at(-1) ?? '';

describe.each(budgetKinds)('five hundred calls at a time from several processes at a $kind store', ({ start }) => {
  test('never overspend, killed again and again, and in the end the ledger is what is spent', async () => {
    const run = await prepare(start);
    const rounds = keepGoing(run, { hasLedger: true });
    for (const raisedUsd of raisesUsd) {
      await run.goOn({ limitUsd: raisedUsd, kill: true });
      await run.seeMoreSpent();
      expect(reachesUsd(raisedUsd, sumOf(run.spent()))).toBe(true);
    }
    await run.stopWorkers();
    const spentUsd = sumOf(run.spent());
    await expect
      .poll(() => readSums(run.store, project), patience)
      .toEqual({ [account]: [spentUsd, '0', '0'], 'told 2026-11': [spentUsd, '0', '0'] });
    await rounds.stop();
    expect(await run.store.takePendingCalls(project, 10)).toEqual([]);
    // What is left can be spent, and no more.
    await fill(run.store);
    const full = (await readSums(run.store, project))[account] ?? [];
    expect(reachesUsd(limitUsd, addUsd(full))).toBe(true);
    expect(reachesUsd(addUsd([...full, worstUsd]), limitUsd)).toBe(true);
  });

  test('without a ledger count what was settled and nothing else, once', async () => {
    const run = await prepare(start);
    const rounds = keepGoing(run, { hasLedger: false });
    for (const raisedUsd of raisesUsd) {
      await run.goOn({ limitUsd: raisedUsd, kill: true });
      await run.seeMoreSpent();
    }
    await run.stopWorkers();
    await rounds.stop();
    const pendingUsd = await compareWithNotes(run);
    expect(reachesUsd(limitUsd, pendingUsd)).toBe(true);
  });
});

test('a Redis that is killed under five hundred calls and comes back has lost and doubled nothing', async () => {
  const run = await prepare(startRedisBudgets);
  await run.goOn({ limitUsd: roomyUsd, kill: false });
  for (const end of [run.ground.redis?.kill, run.ground.redis?.shutDown, run.ground.redis?.kill]) {
    await run.seeMoreSpent();
    await end?.();
    await run.ground.redis?.start();
  }
  await run.seeMoreSpent();
  await run.stopWorkers();
  await compareWithNotes({ ...run, store: await run.ground.open() });
});

type Run = Awaited<ReturnType<typeof prepare>>;

async function prepare(start: () => Promise<BudgetGround>) {
  const ground = await start();
  const dir = makeTempDir('notes');
  const store = await ground.open();
  const workers: { name: string; child: ChildProcess; exited: Promise<number | null> }[] = [];
  const files: string[] = [];
  let atPresentUsd = raisesUsd[0] ?? '';
  const startWorker = async () => {
    const name = `w${files.length}`;
    const notes = join(dir.path, name);
    files.push(notes);
    const worker = forkWorker({
      ...{ settings: ground.settings, project, name, parallel, limitUsd: atPresentUsd, worstNanos, holdMs, notes },
    });
    workers.push({ name, ...worker });
    await new Promise((resolve) => worker.child.once('message', resolve));
  };
  const living = () => workers.filter(({ child }) => child.exitCode === null && child.signalCode === null);
  onTestFinished(async () => {
    for (const { child } of workers) child.kill('SIGKILL');
    await Promise.all(workers.map(({ exited }) => exited));
    await ground.stop();
    dir.remove();
  });
  await Promise.all(Array.from({ length: processes }, startWorker));
  const readNotes = () => files.filter((file) => existsSync(file)).flatMap(readWholeLines);
  const spent = () => readNotes().filter((note) => note.type === 'spent');
  return {
    ground,
    store,
    readNotes,
    /** Names of those that were killed or have ended. */
    dead: () => workers.filter((worker) => !living().includes(worker)).map(({ name }) => name),
    /** Calls that cost something. */
    spent,
    /** Tells everybody the limit; one of them dies over it and another takes its place. */
    goOn: async ({ limitUsd: usd, kill }: { limitUsd: string; kill: boolean }) => {
      atPresentUsd = usd;
      for (const { child } of living()) child.send(usd);
      if (!kill) return;
      const [victim] = living();
      victim?.child.kill('SIGKILL');
      await victim?.exited;
      await startWorker();
    },
    stopWorkers: async () => {
      const left = living();
      for (const { child } of left) child.send('stop');
      expect(await Promise.all(left.map(({ exited }) => exited))).toEqual(left.map(() => 0));
    },
    /** Waits until some more calls were made, or no other is possible. */
    seeMoreSpent: async () => {
      const enough = spent().length + callsPerRaise;
      const isDone = () => spent().length >= enough || reachesUsd(addUsd([sumOf(spent()), worstUsd]), atPresentUsd);
      await expect.poll(isDone, patience).toBe(true);
    },
  };
}

function forkWorker(options: BudgetWorkerOptions) {
  const child = fork(workerFile, [JSON.stringify(options)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, exited };
}

/** What was cut off by a kill was never said. */
function readWholeLines(file: string): BudgetNote[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line) as BudgetNote);
}

/**
 * Again and again the ledger hears of what was spent, whoever died over it, and several processes bring the same reading to the
 * store, each twice. Behind it time passes for the calls that nobody works on any more.
 */
function keepGoing(run: Run, { hasLedger }: { hasLedger: boolean }): { stop: () => Promise<void> } {
  const state = { isStopping: false };
  const pods = Promise.all([run.ground.open(), run.ground.open(), run.ground.open()]);
  const working = (async () => {
    for (let asOfMs = 1; ; asOfMs += 1) {
      const isLast = state.isStopping;
      // In this order: what the dead have spent is in the notes, and in the ledger before it is returned.
      const dead = run.dead();
      const notes = run.readNotes();
      if (hasLedger) await reconcile(run, { notes, asOfMs, pods: await pods });
      await letRunOut(run, { notes, dead });
      if (isLast) return;
      await sleep(roundPauseMs);
    }
  })();
  const stop = () => {
    state.isStopping = true;
    return working;
  };
  onTestFinished(stop);
  return { stop };
}

async function reconcile(
  run: Run,
  { notes, asOfMs, pods }: { notes: readonly BudgetNote[]; asOfMs: number; pods: readonly BudgetStore[] },
): Promise<void> {
  const asked = await run.store.takePendingCalls(project, 1_000);
  const spent = notes.filter((note) => note.type === 'spent');
  const known = new Set(spent.map(({ spanId }) => spanId));
  const spentUsd = sumOf(spent);
  const reading = {
    asOfMs,
    accounts: ['one', 'told'].map((accountId) => ({ accountId, windowKey: '2026-11', spentUsd })),
    bookedCallIds: asked.filter(({ spanId }) => known.has(spanId)).map(({ callId }) => callId),
  };
  await Promise.all(pods.flatMap((pod) => [pod, pod]).map((pod) => pod.reconcile(project, reading)));
}

async function letRunOut(
  { ground }: Run,
  { notes, dead }: { notes: readonly BudgetNote[]; dead: readonly string[] },
): Promise<void> {
  const gone = new Set(notes.filter(({ type }) => type === 'gone').map(({ callId }) => callId));
  await ground.letRunOut(project, (id) => gone.has(id) || dead.some((name) => id.startsWith(`${name} `)));
}

/** Pending is what the notes say, but for those who died between the store's answer and the note about it; how much it is. */
async function compareWithNotes(run: Run): Promise<string> {
  await letRunOut(run, { notes: run.readNotes(), dead: run.dead() });
  const spent = new Map(run.spent().map((note) => [note.callId, note.costUsd]));
  const settled = run.readNotes().filter((note) => note.type === 'settled');
  const pending = [];
  for (let left = spent.size; left > 0; left -= 1_000)
    pending.push(...(await run.store.takePendingCalls(project, 1_000)));
  const kept = new Map(pending.map((call) => [call.callId, call.amountUsd]));
  for (const { callId } of settled) expect(kept.get(callId)).toBe(spent.get(callId));
  for (const [callId, amountUsd] of kept) expect(spent.get(callId)).toBe(amountUsd);
  const sum = addUsd([...kept.values()]);
  expect(await readSums(run.store, project)).toMatchObject({
    [account]: ['0', sum, '0'],
    'told 2026-11': ['0', sum, '0'],
  });
  return sum;
}

/** Reserves until nothing fits. */
async function fill(store: BudgetStore): Promise<void> {
  const accounts = [makeAccount({ accountId: 'one', limitUsd })];
  for (;;) {
    if (!(await store.reserve(makeHold(project, { amountUsd: worstUsd, accounts }))).granted) return;
  }
}

function sumOf(notes: readonly { costUsd?: string }[]): string {
  return addUsd(notes.map(({ costUsd }) => costUsd));
}
