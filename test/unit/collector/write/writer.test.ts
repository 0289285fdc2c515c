import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Inserter, InsertOutcome } from '../../../../collector/write/clickhouse.ts';
import { SegmentReader, segmentHeaderBytes } from '../../../../collector/write/segment-reader.ts';
import { Spool } from '../../../../collector/write/spool.ts';
import type { WriteEvent } from '../../../../collector/write/write-stats.ts';
import { openWriter, type Writer, type WriterOptions } from '../../../../collector/write/writer.ts';
import { makeTempDir } from '../../../support/temp-dir.ts';
import { away, failing, refused, stored, TextBatch, textDatabase, type Words, wordsCodec } from './text-batch.ts';

let dataDir: string;
let writer: Writer<Words, string>;
let events: WriteEvent[];
beforeEach(() => {
  const dir = makeTempDir('writer');
  dataDir = dir.path;
  events = [];
  return async () => {
    await stop();
    dir.remove();
  };
});

async function start(inserter: Inserter, options: Partial<WriterOptions<Words, string>> = {}): Promise<void> {
  writer = await openWriter({
    ...{ inserter, dataDir, codec: wordsCodec, newContent: (nowMs) => new TextBatch(nowMs) },
    limits: { gatherMs: 1, retryMs: 60 },
    onEvent: (event) => events.push(event),
    ...options,
  });
}

async function stop(): Promise<void> {
  await writer.drain();
  await writer.close();
}

async function submit(body: Words) {
  return (await writer.submit(body, body.length)).outcome;
}

/** Each in a batch of its own. */
async function submitAll(...bodies: Words[]): Promise<string[]> {
  const statuses: string[] = [];
  for (const body of bodies) statuses.push((await submit(body)).status);
  return statuses;
}

/** Leaves these in the spool, as a process does that has ended. */
async function fill(...bodies: Words[]): Promise<void> {
  const spool = await Spool.open({ path: join(dataDir, 'spool'), codec: wordsCodec });
  for (const body of bodies) expect(await spool.append([{ body, receivedAtMs: 1234 }])).toBe(true);
  await spool.close();
}

function untilReplayed() {
  return expect.poll(() => writer.status().spoolRecords, { interval: 5 }).toBe(0);
}

function eventsOf<Type extends WriteEvent['type']>(type: Type): Extract<WriteEvent, { type: Type }>[] {
  return events.filter((event): event is Extract<WriteEvent, { type: Type }> => event.type === type);
}

/** What lies in the dead letters: body and what its head says of it. */
async function readLetters(): Promise<{ body: string; refused: unknown }[]> {
  const letters: { body: string; refused: unknown }[] = [];
  for (const name of readdirSync(join(dataDir, 'dead-letters'))) {
    const reader = await SegmentReader.open(join(dataDir, 'dead-letters', name));
    for (let at = segmentHeaderBytes; reader !== undefined;) {
      const entry = await reader.read(at);
      if (entry.kind !== 'record') break;
      letters.push({ body: Buffer.from(entry.record.body).toString(), refused: entry.record.head['refused'] });
      at = entry.next;
    }
    await reader?.close();
  }
  return letters;
}

describe('a database that is away', () => {
  it('is asked by the first body, and no more by those after it; all are spooled', async () => {
    const { inserter, sent } = textDatabase(() => away);
    await start(inserter);
    expect(await submitAll('a', 'b', 'c')).toEqual(['spooled', 'spooled', 'spooled']);
    expect(sent.map(({ words }) => words)).not.toContain('b');
    expect(writer.status()).toMatchObject({ circuit: 'open', spoolRecords: 3, queuedBytes: 0 });
    expect(eventsOf('spooled')).toHaveLength(3);
    expect(eventsOf('circuit')[0]).toEqual({ type: 'circuit', state: 'open' });
  });

  it('gets what was spooled in order, and then what comes', async () => {
    let answer: InsertOutcome = away;
    const { inserter, sent } = textDatabase(() => answer);
    await start(inserter);
    await submitAll('a', 'b', 'c');
    answer = stored;
    sent.length = 0;
    await untilReplayed();
    expect(await submit('d')).toEqual({ status: 'stored' });
    expect(sent.map(({ words }) => words).join(' ')).toBe('a b c d');
    expect(writer.status()).toMatchObject({ circuit: 'closed', spoolBytes: 0, spoolOldestMs: undefined });
    expect(eventsOf('replayed').reduce((sum, { rows }) => sum + rows, 0)).toBe(3);
  });

  it('judges a body by the time it was received, however late it is stored', async () => {
    const { inserter } = textDatabase(() => away);
    await start(inserter, { nowMs: () => 1234 });
    expect(await submitAll('now')).toEqual(['spooled']);
    await stop();
    const later = textDatabase(() => stored);
    await start(later.inserter, { nowMs: () => 99_999 });
    await untilReplayed();
    expect(later.sent.map(({ words }) => words)).toEqual(['1234']);
  });

  it('is answered as unavailable where the spool is full', async () => {
    const { inserter } = textDatabase(() => away);
    await start(inserter, { spoolLimits: { bytes: 10 } });
    expect(await submit('a')).toEqual({ status: 'unavailable', retryAfterMs: 2_000 });
    expect(await writer.isReady()).toBe(false);
    expect(eventsOf('spool_refused')).toEqual([{ type: 'spool_refused', bodies: 1, reason: 'full' }]);
  });
});

describe('a replay that is interrupted', () => {
  /** Spools two bodies, then stops while their insert is under way; answers the token it had. */
  async function interrupt(startedMs: number | undefined): Promise<string> {
    await fill('a', 'b');
    let heard: (token: string) => void;
    const token = new Promise<string>((resolve) => (heard = resolve));
    const hanging = textDatabase(
      ({ token: sentToken }, signal) =>
        new Promise((resolve) => {
          heard(sentToken);
          signal?.addEventListener('abort', () => resolve(away));
        }),
    );
    hanging.startedMs.value = startedMs;
    await start(hanging.inserter);
    const sentToken = await token;
    await stop();
    return sentToken;
  }

  async function goOn(startedMs: number | undefined) {
    const { inserter, sent, startedMs: started } = textDatabase(() => stored);
    started.value = startedMs;
    await start(inserter);
    await untilReplayed();
    return sent;
  }

  it('sends the same rows under the same token, for the server drops what it has', async () => {
    const token = await interrupt(5_000_000);
    const sent = await goOn(5_000_900);
    expect(sent).toEqual([{ token, words: 'a b' }]);
  });

  it.each([
    ['was started again', 5_000_000, 5_100_000],
    ['cannot say when it was started', undefined, undefined],
  ])('takes another token where the server %s', async (_, before, after) => {
    const token = await interrupt(before);
    const sent = await goOn(after);
    expect(sent.map(({ words }) => words)).toEqual(['a b']);
    expect(sent[0]?.token).not.toBe(token);
  });

  it('goes on behind what was stored', async () => {
    await fill('a', 'b', 'c');
    let isFirst = true;
    const once = textDatabase(() => {
      if (!isFirst) return away;
      isFirst = false;
      return stored;
    });
    await start(once.inserter, { replayLimits: { records: 1 } });
    await expect.poll(() => writer.status().spoolRecords, { interval: 5 }).toBe(2);
    await stop();
    const sent = await goOn(undefined);
    expect(sent.map(({ words }) => words)).toEqual(['b', 'c']); // what was begun is repeated as it was
  });
});

it('is replayed though its position cannot be written', async () => {
  await fill('a', 'b');
  mkdirSync(join(dataDir, 'spool', 'position.json.new'));
  const { inserter, sent } = textDatabase(() => stored);
  await start(inserter, { replayLimits: { records: 1 } });
  await untilReplayed();
  expect(sent.map(({ words }) => words)).toEqual(['a', 'b']);
});

describe('a spool that was damaged', () => {
  it('keeps the bytes of the damaged record aside and stores the others', async () => {
    await fill('first', 'second', 'third');
    for (const name of readdirSync(join(dataDir, 'spool')).filter((file) => file.endsWith('.segment'))) {
      const file = join(dataDir, 'spool', name);
      const bytes = readFileSync(file);
      if (bytes.includes('second')) bytes.write('S', bytes.indexOf('second'));
      writeFileSync(file, bytes);
    }
    const { inserter, sent } = textDatabase(() => stored);
    await start(inserter);
    await untilReplayed();
    expect(sent.map(({ words }) => words).join(' ')).toBe('first third');
    expect(eventsOf('spool_damaged')).toHaveLength(1);
    const [kept = ''] = readdirSync(join(dataDir, 'spool')).filter((one) => one.endsWith('.damaged'));
    expect(readFileSync(join(dataDir, 'spool', kept)).includes('Second')).toBe(true);
    expect(writer.status().spoolBytes).toBe(0);
  });
});

describe('rows that are refused', () => {
  const poison = textDatabase(({ words }) => (words.includes('poison') ? refused : stored));
  beforeEach(() => {
    poison.sent.length = 0;
  });

  it('are found one by one, told to their sender and kept with the reason; the others are stored', async () => {
    await start(poison.inserter, { limits: { gatherMs: 1, retryMs: 60_000 } });
    const bodies = ['a b', 'c poison - d e f poison g', 'h', 'poison'];
    expect(await Promise.all(bodies.map(submit))).toEqual([
      { status: 'stored' },
      { status: 'stored', refused: [1, 1].map((rows) => ({ rows, reason: 'violated constraint' })) },
      { status: 'stored' },
      { status: 'refused', reason: 'violated constraint' },
    ]);
    const good = poison.sent.filter(({ words }) => !words.includes('poison')).flatMap(({ words }) => words.split(' '));
    expect(good.sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
    const tokens = poison.sent.map(({ token }) => token);
    expect(new Set(tokens).size).toBe(tokens.length);
    const reason = 'violated constraint';
    expect(await readLetters()).toEqual([
      {
        body: 'c poison - d e f poison g',
        refused: [
          { from: 1, to: 3, rows: 1, reason }, // with the item that gives no row
          { from: 6, to: 7, rows: 1, reason },
        ],
      },
      { body: 'poison', refused: [{ rows: 1, reason }] },
    ]);
    expect(eventsOf('dead_letter')).toHaveLength(3);
  });

  it('become dead letters when the spool is replayed, under the same tokens each time', async () => {
    await fill('a poison', 'b');
    await start(poison.inserter);
    await untilReplayed();
    const good = poison.sent.filter(({ words }) => !words.includes('poison')).flatMap(({ words }) => words.split(' '));
    expect(good.sort()).toEqual(['a', 'b']);
    expect(await readLetters()).toMatchObject([{ body: 'a poison', refused: [{ from: 1, to: 2 }] }]);
    expect(eventsOf('replayed')).toMatchObject([{ bodies: 2, rows: 2 }]);
  });

  it('do not become thousands of inserts', async () => {
    const all = textDatabase(() => refused);
    await start(all.inserter, { limits: { gatherMs: 1, retryMs: 60_000 } });
    expect((await submit(Array.from({ length: 3_000 }, () => 'x').join(' '))).status).toBe('refused');
    expect(all.sent.length).toBeLessThan(410);
    expect(eventsOf('dead_letter').reduce((sum, { rows }) => sum + rows, 0)).toBe(3_000);
  });
});

describe('a body that fails every time', () => {
  it('does not keep others from being stored, and becomes a dead letter', async () => {
    await fill('a', 'stuck', 'b');
    const { inserter, sent } = textDatabase(({ words }) => (words.includes('stuck') ? failing : stored));
    await start(inserter, { replayLimits: { failures: 2 } });
    await expect.poll(() => submit('live'), { timeout: 5_000 }).toEqual({ status: 'stored' });
    await expect.poll(() => writer.status().spoolRecords, { timeout: 9_000 }).toBe(0);
    expect(sent.map(({ words }) => words)).toEqual(expect.arrayContaining(['a', 'b', 'live']));
    expect(await readLetters()).toMatchObject([{ body: 'stuck' }]);
  });
});

it('refuses a spool that another collector has', async () => {
  await start(textDatabase(() => stored).inserter);
  const { lockSpool, SpoolError } = await import('../../../../collector/write/spool-lock.ts');
  await expect(lockSpool(join(dataDir, 'spool'), 0)).rejects.toThrow(SpoolError);
  await expect(lockSpool(join(dataDir, 'spool'), 0)).rejects.toThrow(/^another collector uses the spool/);
});
