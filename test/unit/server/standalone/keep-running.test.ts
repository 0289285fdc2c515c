import { expect, test } from 'vitest';
import { keepRunning, type Exit, type Running } from '../../../../server/standalone/keep-running.ts';

const limits = { fastDeathMs: 60_000, fastDeathLimit: 3, firstDelayMs: 1, maxDelayMs: 2 };

class FakeProcess implements Running {
  readonly pid: number;
  private readonly end = Promise.withResolvers<Exit>();
  readonly exited = this.end.promise;

  constructor(pid: number) {
    this.pid = pid;
  }

  stop(): Promise<Exit> {
    this.die({ code: 0, signal: null });
    return this.exited;
  }

  kill(): void {
    this.die({ code: null, signal: 'SIGKILL' });
  }

  die(exit: Exit): void {
    this.end.resolve(exit);
  }
}

function fakeStarts(failing: readonly number[] = []) {
  const started: FakeProcess[] = [];
  const waiting: (() => void)[] = [];
  let count = 0;
  return {
    start: (): Promise<FakeProcess> => {
      count += 1;
      if (failing.includes(count)) return Promise.reject(new Error(`start ${count} failed`));
      const one = new FakeProcess(count);
      started.push(one);
      for (const notify of waiting.splice(0)) notify();
      return Promise.resolve(one);
    },
    started,
    nextStart: () => new Promise<void>((resolve) => waiting.push(resolve)),
  };
}

const crash: Exit = { code: 7, signal: null };

test('starts it again when it dies', async () => {
  const fake = fakeStarts();
  const kept = await keepRunning({ name: 'it', start: fake.start, log: () => undefined, limits });
  const next = fake.nextStart();
  fake.started[0]?.die(crash);
  await next;
  await Promise.resolve();
  expect(kept.current().pid).toBe(2);
  await kept.stop();
});

test('gives up after some deaths in a row, with the last reason', async () => {
  const fake = fakeStarts();
  const lines: string[] = [];
  const kept = await keepRunning({ name: 'it', start: fake.start, log: (line) => lines.push(line), limits });
  for (const index of [0, 1]) {
    const next = fake.nextStart();
    fake.started[index]?.die(crash);
    await next;
  }
  fake.started[2]?.die({ code: null, signal: 'SIGSEGV' });
  expect(await kept.gaveUp).toBe('it ended 3 times in a row right after its start (last: SIGSEGV)');
  expect(lines.filter((line) => line.includes('starting it again'))).toEqual([
    'it ended unexpectedly (exit code 7), starting it again in 1 ms',
    'it ended unexpectedly (exit code 7), starting it again in 2 ms',
  ]);
});

test('counts a start that fails as a death', async () => {
  const fake = fakeStarts([2, 3]);
  const kept = await keepRunning({ name: 'it', start: fake.start, log: () => undefined, limits });
  fake.started[0]?.die(crash);
  expect(await kept.gaveUp).toContain('(last: start 3 failed)');
});

test('forgets old deaths of something that ran for long', async () => {
  const fake = fakeStarts();
  const kept = await keepRunning({
    name: 'it',
    start: fake.start,
    log: () => undefined,
    limits: { ...limits, fastDeathMs: 0 },
  });
  for (const index of [0, 1, 2, 3, 4]) {
    const next = fake.nextStart();
    fake.started[index]?.die(crash);
    await next;
  }
  await Promise.resolve();
  expect(kept.current().pid).toBe(6);
  await kept.stop();
});

test('does not start it again after it was stopped', async () => {
  const fake = fakeStarts();
  const kept = await keepRunning({ name: 'it', start: fake.start, log: () => undefined, limits });
  await kept.stop();
  expect(fake.started).toHaveLength(1);
});

test('stops at once while it waits for the next attempt', async () => {
  const fake = fakeStarts();
  const kept = await keepRunning({
    name: 'it',
    start: fake.start,
    log: () => undefined,
    limits: { ...limits, firstDelayMs: 60_000, maxDelayMs: 60_000 },
  });
  fake.started[0]?.die(crash);
  await kept.current().exited;
  await kept.stop();
  expect(fake.started).toHaveLength(1);
});

test('passes the failure of the first start on', async () => {
  const fake = fakeStarts([1]);
  await expect(keepRunning({ name: 'it', start: fake.start, log: () => undefined })).rejects.toThrow('start 1 failed');
});
