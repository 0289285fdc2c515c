import { describe, expect, it } from 'vitest';
import { mapLog } from '../../../../collector/map/log.ts';
import { mapSpan } from '../../../../collector/map/span.ts';
import type { BatchContent } from '../../../../collector/write/batch-content.ts';
import { Batcher, type BatchLimits, type WriteOutcome } from '../../../../collector/write/batcher.ts';
import type { Insert, Inserter, InsertOutcome } from '../../../../collector/write/clickhouse.ts';
import { ColumnBatch } from '../../../../collector/write/column-batch.ts';
import { KnownMessages } from '../../../../collector/write/known-messages.ts';
import type { MessageRow, SpanEventRow, SpanRow } from '../../../../migrations/schema.ts';
import { recordOf, spanOf } from '../map/otlp-fixture.ts';

interface SentInsert {
  table: string;
  token: string;
  rows: Buffer;
}

/** A database that answers as it is told; `answer` sees every insert. */
function fakeInserter(answer: (insert: SentInsert) => InsertOutcome | Promise<InsertOutcome>) {
  const inserts: SentInsert[] = [];
  const inserter: Inserter = {
    insert: ({ table, token, data }: Insert & { token: string }) => {
      const sent = { table, token, rows: Buffer.concat(data) };
      inserts.push(sent);
      return Promise.resolve(answer(sent));
    },
    findServerStart: () => Promise.resolve(undefined),
    ping: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  };
  return { inserter, inserts };
}

const stored: InsertOutcome = { status: 'stored' };
const limits = { gatherMs: 1, retryMs: 300 };

/** The rows of one body. */
interface WriteRequest {
  spans: SpanRow[];
  events: SpanEventRow[];
  messages: MessageRow[];
  bytes: number;
}

/** A batch of rows that are mapped already. */
function rowContent(known: KnownMessages): BatchContent<WriteRequest, undefined> {
  const batch = new ColumnBatch(known);
  return {
    get rows() {
      return batch.rows;
    },
    append: ({ spans, events, messages, bytes }) =>
      batch.append(bytes, (sink) => {
        for (const row of spans) sink.spans.append(row);
        for (const row of events) sink.events.append(row);
        sink.messages.addRows(messages);
        return undefined;
      }),
    seal: () => batch.seal(),
  };
}

function requestOf(content: string, bytes = 100): WriteRequest {
  const messages = `[{"role":"user","content":"${content}"}]`;
  const mapped = mapSpan(spanOf({ 'gen_ai.input.messages': messages }, { name: content }), 'p');
  return { spans: [mapped.row], events: [], messages: mapped.messages, bytes };
}

interface Options {
  limits?: Partial<BatchLimits>;
  onFailure?: (error: Error) => void;
}

/** A batcher of rows, whose `submit` answers with the outcome alone. */
function newBatcher(inserter: Inserter, options: Options = {}) {
  const known = new KnownMessages();
  const batcher = new Batcher({ inserter, newContent: () => rowContent(known), ...options });
  return {
    submit: async (request: WriteRequest) => (await batcher.submit(request, request.bytes)).outcome,
    drain: () => batcher.drain(),
  };
}

describe('Batcher', () => {
  it('stores messages before the spans that name them', async () => {
    const { inserter, inserts } = fakeInserter(() => stored);
    expect(await newBatcher(inserter, { limits }).submit(requestOf('a'))).toEqual({ status: 'stored' });
    expect(inserts.map(({ table }) => table)).toEqual(['messages', 'spans']);
  });

  it('shares inserts between requests that come together, and answers each', async () => {
    const { inserter, inserts } = fakeInserter(() => stored);
    const batcher = newBatcher(inserter, { limits });
    const record = mapLog(recordOf({ eventName: 'gen_ai.choice' }), 'p', 0, new Map());
    const outcomes = await Promise.all([
      batcher.submit(requestOf('a')),
      batcher.submit(requestOf('b')),
      batcher.submit({ spans: [], events: [record.row], messages: [], bytes: 1 }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['stored', 'stored', 'stored']);
    expect(inserts.map(({ table }) => table)).toEqual(['messages', 'spans', 'span_events']);
  });

  it('waits longer for company the more rows arrive, and hardly at all when few do', async () => {
    const { inserter, inserts } = fakeInserter(() => stored);
    const patient = { gatherMs: 1, gatherBusyMs: 1, gatherMaxMs: 3_600_000, retryMs: 300 };
    const many = newBatcher(inserter, { limits: { ...patient, gatherRows: 1 } });
    await Promise.all([many.submit(requestOf('a')), many.submit(requestOf('b'))]);
    const waiting = many.submit(requestOf('c'));
    inserts.length = 0;
    // Few arrive, by the measure of this one: each goes at once, one after the other.
    const few = newBatcher(inserter, { limits: { ...patient, gatherRows: 1e12 } });
    for (const name of ['d', 'e', 'f']) await few.submit(requestOf(name));
    expect(inserts.filter(({ table }) => table === 'spans')).toHaveLength(3);
    await many.drain();
    expect(await waiting).toEqual({ status: 'stored' });
    expect(inserts.filter(({ table }) => table === 'spans')).toHaveLength(4);
  });

  it('inserts a message once, but again after an insert that was not acknowledged', async () => {
    let works = false;
    const { inserter, inserts } = fakeInserter(() =>
      works ? stored : { status: 'retryable', error: new Error('away') },
    );
    const batcher = newBatcher(inserter, { limits: { gatherMs: 1, retryMs: 50 } });
    expect((await batcher.submit(requestOf('a'))).status).toBe('unavailable');
    works = true;
    inserts.length = 0;
    await batcher.submit(requestOf('a'));
    await batcher.submit(requestOf('a'));
    expect(inserts.map(({ table }) => table)).toEqual(['messages', 'spans', 'spans']);
  });

  it('repeats an insert with the same bytes and token until it is acknowledged', async () => {
    let failures = 3;
    const { inserter, inserts } = fakeInserter(() =>
      failures-- > 0 ? { status: 'retryable', error: new Error('away') } : stored,
    );
    expect((await newBatcher(inserter, { limits: { gatherMs: 1, retryMs: 5000 } }).submit(requestOf('a'))).status).toBe(
      'stored',
    );
    const messages = inserts.filter(({ table }) => table === 'messages');
    expect(messages).toHaveLength(4);
    expect(new Set(messages.map(({ token }) => token)).size).toBe(1);
    expect(messages.every(({ rows }) => rows.equals(messages[0]?.rows ?? Buffer.alloc(0)))).toBe(true);
  });

  it('takes another token for the same bytes after an insert that was not answered', async () => {
    const outcomes: InsertOutcome[] = [
      { status: 'lost', error: new Error('socket hang up') },
      { status: 'retryable', error: new Error('memory limit') },
      stored,
    ];
    const { inserter, inserts } = fakeInserter(({ table }) =>
      table === 'messages' ? (outcomes.shift() ?? stored) : stored,
    );
    const batcher = newBatcher(inserter, { limits: { gatherMs: 1, retryMs: 5000 } });
    expect((await batcher.submit(requestOf('a'))).status).toBe('stored');
    const [first, second, third] = inserts.filter(({ table }) => table === 'messages');
    expect(second?.token).not.toBe(first?.token);
    expect(third?.token).toBe(second?.token);
    expect(second?.rows.equals(first?.rows ?? Buffer.alloc(0))).toBe(true);
  });

  it('gives up after its time and says so', async () => {
    const failures: string[] = [];
    const { inserter } = fakeInserter(() => ({ status: 'retryable', error: new Error('away') }));
    const batcher = newBatcher(inserter, {
      limits,
      onFailure: ({ message }) => failures.push(message),
    });
    expect(await batcher.submit(requestOf('a'))).toEqual({ status: 'unavailable', retryAfterMs: 2000 });
    expect(failures).toEqual(['away']);
  });

  it('does not let one request that is refused cost its neighbours', async () => {
    const { inserter } = fakeInserter(({ rows }) =>
      rows.includes('poison') ? { status: 'refused', error: new Error('cannot parse') } : stored,
    );
    const batcher = newBatcher(inserter, { limits });
    const outcomes = await Promise.all(['a', 'poison', 'c'].map((content) => batcher.submit(requestOf(content))));
    expect(outcomes).toEqual([
      { status: 'stored' },
      { status: 'refused', reason: 'cannot parse' },
      { status: 'stored' },
    ] satisfies WriteOutcome[]);
  });

  it('refuses a row that cannot be encoded instead of trying it for ever', async () => {
    const { inserter } = fakeInserter(() => stored);
    const batcher = newBatcher(inserter, { limits });
    const good = requestOf('broken');
    const broken = { ...good, spans: good.spans.map((row) => ({ ...row, start_time: 2n ** 64n })) };
    const outcomes = await Promise.all([batcher.submit(requestOf('a')), batcher.submit(broken)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['stored', 'refused']);
  });

  it('takes no more than its queue holds, but always one', async () => {
    let release: (outcome: InsertOutcome) => void = () => undefined;
    const gate = new Promise<InsertOutcome>((resolve) => (release = resolve));
    const { inserter } = fakeInserter(() => gate);
    const batcher = newBatcher(inserter, { limits: { ...limits, queueBytes: 10_000 } });
    const large = batcher.submit(requestOf('large', 50_000));
    expect(await batcher.submit(requestOf('b', 1))).toEqual({ status: 'overloaded', retryAfterMs: 1000 });
    release(stored);
    expect((await large).status).toBe('stored');
    expect((await batcher.submit(requestOf('b', 1))).status).toBe('stored');
  });

  it('weighs rows that are large in memory though small in the body', async () => {
    const { inserter } = fakeInserter(() => new Promise(() => undefined));
    const requests = Array.from({ length: 20 }, (_, index) => requestOf(`small ${index}`, 1));
    const batch = rowContent(new KnownMessages());
    const weights = requests.map((request) => batch.append(request).weightBytes);
    const queueBytes = weights.slice(0, 8).reduce((sum, weight) => sum + weight, 0);
    expect(queueBytes).toBeGreaterThan(8 * 500);
    const batcher = newBatcher(inserter, { limits: { ...limits, queueBytes } });
    const statuses: string[] = [];
    for (const request of requests) void batcher.submit(request).then(({ status }) => statuses.push(status));
    await expect.poll(() => statuses, { timeout: 5_000 }).toEqual(Array.from({ length: 12 }, () => 'overloaded'));
  });

  it('cuts batches by rows and bytes', async () => {
    const { inserter, inserts } = fakeInserter(() => stored);
    const batcher = newBatcher(inserter, { limits: { ...limits, rows: 2, bytes: 1000 } });
    const contents = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(contents.map((content) => batcher.submit(requestOf(content, content === 'd' ? 2000 : 10))));
    expect(inserts.filter(({ table }) => table === 'spans')).toHaveLength(4); // a b, c, d, e
  });

  it('has stored everything once it is drained', async () => {
    const { inserter } = fakeInserter(async () => {
      await new Promise((resume) => setTimeout(resume, 20));
      return stored;
    });
    const batcher = newBatcher(inserter, { limits: { ...limits, rows: 1 } });
    const outcomes: WriteOutcome[] = [];
    for (const content of ['a', 'b', 'c'])
      void batcher.submit(requestOf(content)).then((outcome) => outcomes.push(outcome));
    await batcher.drain();
    expect(outcomes.map(({ status }) => status)).toEqual(['stored', 'stored', 'stored']);
    await batcher.drain();
  });
});
