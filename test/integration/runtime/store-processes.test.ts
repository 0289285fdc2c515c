import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Turn } from '../../../runtime/sessions/record.ts';
import { makeSession, startRedisGround, storeKinds, textOf } from '../../support/session-stores.ts';
import type { WorkerNote, WorkerOptions } from '../../support/session-worker.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const workerFile = join(import.meta.dirname, '../../support/session-worker.ts');
const hammerMs = 2_000;

interface Worker {
  child: ChildProcess;
  exited: Promise<number | null>;
}

describe.each(storeKinds)('several processes at a $kind store', ({ start }) => {
  test('lose, double and reorder nothing', async () => {
    const { store, ids, startWorker, stopWorkers, readNotes } = await prepare(start, {
      sessionCount: 5,
      leaseMs: 5_000,
    });
    await Promise.all([startWorker(), startWorker(), startWorker()]);
    await sleep(hammerMs);
    await stopWorkers();
    const turns = await Promise.all(ids.map((id) => store.listTurns(id)));
    compare(turns.flat(), readNotes());
    expect(turns.flat().length).toBeGreaterThan(100);
    expect(await store.listUnexported(100_000)).toHaveLength(turns.flat().length);
  });

  test('lose, double and reorder nothing when they are killed again and again', async () => {
    const { store, ids, startWorker, stopWorkers, readNotes } = await prepare(start, { sessionCount: 5, leaseMs: 400 });
    const workers = [await startWorker(), await startWorker(), await startWorker()];
    for (let kill = 0; kill < 12; kill += 1) {
      await sleep(150 + Math.random() * 100);
      workers.shift()?.child.kill('SIGKILL');
      workers.push(await startWorker());
    }
    await stopWorkers();
    const turns = await Promise.all(ids.map((id) => store.listTurns(id)));
    compare(turns.flat(), readNotes());
    expect(turns.flat().some(({ claims }) => claims > 1)).toBe(true);
    // Those that died between the end of a turn and the note about it are found by whoever looks for abandoned sessions.
    await expect.poll(async () => (await store.listAbandoned(10)).length).toBe(0);
    const exported = await store.listUnexported(100_000);
    expect(exported.map(({ turnId }) => turnId).sort()).toEqual(
      turns
        .flat()
        .map(({ id }) => id)
        .sort(),
    );
  });
});

test('several processes go on where they were when Redis is killed and comes back', async () => {
  const { ground, store, ids, startWorker, stopWorkers, readNotes } = await prepare(startRedisGround, {
    sessionCount: 5,
    leaseMs: 1_000,
  });
  await Promise.all([startWorker(), startWorker(), startWorker()]);
  for (const end of [ground.redis?.kill, ground.redis?.shutDown, ground.redis?.kill]) {
    await sleep(700);
    await end?.();
    await sleep(200);
    await ground.redis?.start();
  }
  await sleep(500);
  await stopWorkers();
  const turns = await Promise.all(ids.map((id) => store.listTurns(id)));
  compare(turns.flat(), readNotes());
  expect(turns.flat().length).toBeGreaterThan(100);
});

async function prepare(
  start: (typeof storeKinds)[number]['start'],
  { sessionCount, leaseMs }: { sessionCount: number; leaseMs: number },
) {
  const ground = await start();
  const dir = makeTempDir('notes');
  const store = await ground.open();
  const sessions = Array.from({ length: sessionCount }, () => makeSession());
  for (const session of sessions) await store.createSession(session);
  const ids = sessions.map(({ id }) => id);
  const workers: Worker[] = [];
  const files: string[] = [];
  const startWorker = async () => {
    const name = `w${files.length}`;
    const notes = join(dir.path, name);
    files.push(notes);
    const worker = forkWorker({ settings: ground.settings, name, sessions: ids, notes, leaseMs });
    workers.push(worker);
    await new Promise((resolve) => worker.child.once('message', resolve));
    return worker;
  };
  onTestFinished(async () => {
    for (const { child } of workers) child.kill('SIGKILL');
    await Promise.all(workers.map(({ exited }) => exited));
    await ground.stop();
    dir.remove();
  });
  const stopWorkers = async () => {
    const left = workers.filter(({ child }) => child.exitCode === null && child.signalCode === null);
    for (const { child } of left) child.send('stop');
    expect(await Promise.all(left.map(({ exited }) => exited))).toEqual(left.map(() => 0));
  };
  const readNotes = () =>
    files
      .filter((file) => existsSync(file))
      .flatMap((file) => readFileSync(file, 'utf8').trim().split('\n'))
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as WorkerNote);
  return { ground, store, ids, startWorker, stopWorkers, readNotes };
}

function forkWorker(options: WorkerOptions): Worker {
  const child = fork(workerFile, [JSON.stringify(options)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, exited };
}

/** What the store holds against what it said to those who wrote it. */
function compare(turns: readonly Turn[], notes: readonly WorkerNote[]): void {
  const byId = new Map(turns.map((turn) => [turn.id, turn]));
  expect(byId.size).toBe(turns.length);
  const said = turns.map((turn) => `${turn.sessionId} ${textOf(turn)}`);
  expect(new Set(said).size).toBe(said.length);
  for (const [, own] of Map.groupBy(turns, ({ sessionId }) => sessionId)) {
    expect(own.map(({ number }) => number)).toEqual(own.map((_, index) => index + 1));
  }
  const latest = new Map<string, number>();
  const finished = new Set<string>();
  for (const note of notes) {
    const turn = byId.get(note.turnId);
    if (turn === undefined) throw new Error(`turn ${note.turnId} is lost`);
    if (note.type === 'accepted') {
      expect([textOf(turn), turn.number]).toEqual([note.text, note.number]);
      // One worker's messages stand in the order in which it said them.
      const speaker = `${turn.sessionId} ${note.text.split(' ')[0] ?? ''}`;
      expect(note.number).toBeGreaterThan(latest.get(speaker) ?? 0);
      latest.set(speaker, note.number);
    } else if (note.type === 'appended') {
      expect(turn.entries.slice(note.at, note.at + note.texts.length).map(textOfEntry)).toEqual(note.texts);
    } else {
      expect(finished.has(note.turnId)).toBe(false);
      finished.add(note.turnId);
      expect(turn.end?.text).toBe(`by ${note.fence}`);
    }
  }
  for (const turn of turns) {
    const texts = turn.entries.map(textOfEntry);
    expect(new Set(texts).size).toBe(texts.length);
    // Entries of a holder stand together, in its order, behind those of the holders before.
    const places = texts.map((text) => text.split(':').map(Number));
    expect(places).toEqual(places.toSorted((a, b) => comparePlaces(a, b)));
    expect(turn.state).toBe('completed');
  }
}

function comparePlaces(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((value, at) => value !== b[at]);
  return index < 0 ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}

function textOfEntry(entry: Turn['entries'][number]): string {
  return 'text' in entry ? entry.text : '';
}
