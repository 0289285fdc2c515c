import { afterAll, describe, expect, it } from 'vitest';
import { traceSummary } from '../../../server/contract/traces.ts';
import { streamsMax } from '../../../server/live/live-feed.ts';
import { connectDatabase, useDatabase } from '../../support/database.ts';
import { type Api, useApi } from './api.ts';
import { noonNs, spanIdOf, textMessage, traceIdOf } from './fixtures.ts';
import { summaryWriter } from './summary-fixtures.ts';

const arrivalLimitMs = 2_000;

interface Event {
  event: string;
  data: unknown;
  id: string;
}

describe('the live stream', () => {
  const api = useApi(useDatabase());

  it('has a span on it within two seconds, and its trace again when it grows', async () => {
    const traceId = traceIdOf('a1');
    await using stream = await openLive(api);
    const started = Date.now();
    await api.write.spans({ traceId, spanId: spanIdOf(1), columns: { name: 'begun' } });
    const first = await stream.next();
    expect(Date.now() - started).toBeLessThan(arrivalLimitMs);
    expect(first.event).toBe('trace');
    expect(traceSummary.parse(first.data)).toMatchObject({ traceId, name: 'begun', spanCount: 1 });
    await api.write.spans({ traceId, spanId: spanIdOf(2), parentSpanId: spanIdOf(1), at: 1 });
    expect((await stream.next()).data).toMatchObject({ traceId, spanCount: 2 });
  });

  it('sends only what matches the filters of the page', async () => {
    const [yes, no] = [traceIdOf('b1'), traceIdOf('b2')];
    await using byAgent = await openLive(api, 'agent=wanted');
    await using byText = await openLive(api, 'q=xylophone');
    await api.write.spans({ traceId: no, spanId: spanIdOf(1), columns: { agent_name: 'another' } });
    await api.write.spans({
      traceId: yes,
      spanId: spanIdOf(1),
      columns: { agent_name: 'wanted' },
      input: [textMessage('user', 'a xylophone')],
    });
    expect((await byAgent.next()).data).toMatchObject({ traceId: yes });
    expect((await byText.next()).data).toMatchObject({ traceId: yes });
  });

  it('knows a trace whose root began days before', async () => {
    const traceId = traceIdOf('c1');
    const days = 3 * 86_400;
    await api.write.spans({ traceId, spanId: spanIdOf(1), at: -days, columns: { name: 'root', agent_name: 'old' } });
    await using stream = await openLive(api, 'agent=old');
    expect((await stream.next()).data).toMatchObject({ spanCount: 1 });
    await api.write.spans({ traceId, spanId: spanIdOf(2), parentSpanId: spanIdOf(1) });
    expect((await stream.next()).data).toMatchObject({
      name: 'root',
      spanCount: 2,
      startTimeUnixNano: String(noonNs - BigInt(days) * 1_000_000_000n),
    });
  });

  it('has what arrived just before the page listened, also when another page listens already', async () => {
    const [first, second] = [traceIdOf('d1'), traceIdOf('d2')];
    await api.write.spans({ traceId: first, spanId: spanIdOf(1), columns: { agent_name: 'early' } });
    await using one = await openLive(api, 'agent=early', {}, 0);
    expect((await one.next()).data).toMatchObject({ traceId: first });
    await api.write.spans({ traceId: second, spanId: spanIdOf(1), columns: { agent_name: 'early' } });
    expect((await one.next()).data).toMatchObject({ traceId: second });
    await using other = await openLive(api, 'agent=early', {}, 0);
    const seen = [(await other.next()).data, (await other.next()).data];
    expect(seen).toEqual(expect.arrayContaining([expect.objectContaining({ traceId: second })]));
  });

  it('begins with what was missed when a client comes back', async () => {
    const traceId = traceIdOf('d3');
    const before = Date.now() - 5_000;
    await api.write.spans({ traceId, spanId: spanIdOf(1), columns: { agent_name: 'missed' } });
    await using stream = await openLive(api, 'agent=missed', { 'last-event-id': String(before) });
    const { data, id } = await stream.next();
    expect(data).toMatchObject({ traceId });
    expect(Number(id)).toBeGreaterThan(before - 1_000);
  });
});

describe('the live stream and settlement', () => {
  const api = useApi(useDatabase());
  const settled = summaryWriter(useDatabase(), api.project);
  afterAll(() => settled.close());

  it('sends a trace again when its cost is known, and when it is judged anew', async () => {
    const traceId = traceIdOf('a7');
    await using stream = await openLive(api);
    await api.write.spans({ traceId, spanId: spanIdOf(1) });
    expect((await stream.next()).data).toMatchObject({ traceId, settled: false, cost: { usd: null } });
    await settled.traces({ traceId, costUsd: '0.25', pass: 7 });
    expect((await stream.next()).data).toMatchObject({ traceId, settled: true, cost: { usd: '0.25' } });
    // The summary of an earlier pass that comes later changes nothing.
    await settled.traces({ traceId, costUsd: '9', pass: 6 });
    await settled.traces({ traceId, costUsd: '0.5', pass: 8 });
    expect((await stream.next()).data).toMatchObject({ traceId, cost: { usd: '0.5' } });
  });

  it('sends a trace that begins to match when its cost is known', async () => {
    const traceId = traceIdOf('a8');
    await using stream = await openLive(api, 'minCostUsd=1');
    await api.write.spans({ traceId, spanId: spanIdOf(1) });
    await settled.traces({ traceId, costUsd: '1.5', pass: 20 });
    await stream.until({ traceId, cost: { usd: '1.5' } });
  });

  it('sees a pass whose summaries were written after those of the next one', async () => {
    const [first, second] = [traceIdOf('a9'), traceIdOf('aa')];
    await api.write.spans({ traceId: first, spanId: spanIdOf(1) }, { traceId: second, spanId: spanIdOf(1) });
    await using stream = await openLive(api, 'minCostUsd=3');
    await settled.traces({ traceId: second, costUsd: '3', pass: 31 });
    await stream.until({ traceId: second, cost: { usd: '3' } });
    await settled.traces({ traceId: first, costUsd: '3', pass: 30 });
    await stream.until({ traceId: first, cost: { usd: '3' } });
  });
});

describe('the live stream under load', () => {
  const api = useApi(useDatabase());

  it('counts what is too much to send', async () => {
    await using stream = await openLive(api);
    await api.write.spans(
      ...Array.from({ length: 130 }, (_, i) => ({
        traceId: traceIdOf(`e${i.toString(16).padStart(2, '0')}`),
        spanId: spanIdOf(1),
      })),
    );
    const events = await Promise.all(Array.from({ length: 101 }, () => stream.next()));
    expect(events.slice(0, 100).every((event) => event.event === 'trace')).toBe(true);
    expect(events[100]).toMatchObject({ event: 'more', data: { traceCount: 30 } });
  });

  it('sees an insert that commits long after it began', async () => {
    await using stream = await openLive(api, 'agent=late');
    const client = connectDatabase(useDatabase());
    await client.command({
      query: `INSERT INTO spans (project_id, trace_id, span_id, name, start_time, agent_name, ingested_at)
        SELECT {project:String}, unhex('f1'), unhex('01'), 'late', now64(9), 'late', now64(3) - toIntervalSecond(15)`,
      query_params: { project: api.project },
    });
    await client.close();
    expect((await stream.next()).data).toMatchObject({ traceId: traceIdOf('f1'), name: 'late' });
  });

  it('is served to a limited number of pages', async () => {
    const streams = await Promise.all(Array.from({ length: streamsMax }, () => openLive(api)));
    const refused = await api.ask('/api/live', { project: api.project });
    expect(refused).toMatchObject({ status: 429, error: { code: 'too_many_streams' } });
    await Promise.all(streams.map((stream) => stream[Symbol.asyncDispose]()));
    await using again = await openLive(api);
    expect(again).toBeDefined();
  });
});

/** A page that listens. The first poll counts what is there, so that only what comes after is sent. */
async function openLive(api: Api, filter = '', headers: Record<string, string> = {}, settleMs = 400) {
  const controller = new AbortController();
  const response = await api.app.request(`http://127.0.0.1/api/live?project=${api.project}&${filter}`, {
    headers: { host: '127.0.0.1', 'accept-encoding': 'gzip', ...headers },
    signal: controller.signal,
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  expect(response.headers.get('content-encoding')).toBeNull();
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw new Error('the stream has no body');
  const events: Event[] = [];
  const waiting: ((event: Event) => void)[] = [];
  const pump = async () => {
    let buffer = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      buffer += value;
      const blocks = buffer.split('\n\n');
      buffer = blocks.pop() ?? '';
      for (const event of blocks.flatMap(parseEvent)) {
        const waiter = waiting.shift();
        if (waiter === undefined) events.push(event);
        else waiter(event);
      }
    }
  };
  void pump().catch(() => undefined);
  // Nothing tells when the first poll is over; it takes one small query.
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  const next = async (): Promise<Event> => {
    const event = events.shift();
    return event ?? new Promise((resolve) => waiting.push(resolve));
  };
  return {
    next,
    /** Sums that come between reading a trace and filtering it make it match before it is sent with them. */
    until: async (expected: { traceId: string; cost: { usd: string } }): Promise<void> => {
      for (;;) {
        const trace = traceSummary.parse((await next()).data);
        if (trace.traceId === expected.traceId && trace.cost.usd === expected.cost.usd) return;
        expect(trace.cost.usd, `${trace.traceId} on a stream of costly traces`).toBeNull();
      }
    },
    async [Symbol.asyncDispose]() {
      await reader.cancel();
    },
  };
}

function parseEvent(block: string): Event[] {
  const fields = new Map(block.split('\n').map((line) => [line.split(': ', 1)[0], line.slice(line.indexOf(': ') + 2)]));
  const [event, data, id] = [fields.get('event'), fields.get('data'), fields.get('id')];
  return event === undefined || data === undefined ? [] : [{ event, data: JSON.parse(data) as unknown, id: id ?? '' }];
}
