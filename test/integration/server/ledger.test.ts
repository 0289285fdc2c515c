import { beforeAll, describe, expect, it } from 'vitest';
import type { LedgerEntryReply } from '../../../server/contract/costs.ts';
import { useDatabase } from '../../support/database.ts';
import { noonNs, spanIdOf, traceIdOf } from './fixtures.ts';
import { type BookingFixture, picodollars } from './ledger-fixtures.ts';
import { useMoneyApi } from './money-api.ts';

const span = (trace: string, number: number) => ({ traceId: traceIdOf(trace), spanId: spanIdOf(number) });
const idsOf = (entries: readonly LedgerEntryReply[]) =>
  entries.map(({ traceId, spanId }) => `${traceId.slice(0, 2)}${Number.parseInt(spanId, 16)}`);

describe('the ledger', () => {
  const api = useMoneyApi(useDatabase());
  const call: BookingFixture = {
    ...span('a1', 1),
    ...{ agent: 'support', model: 'gpt-2026', user: 'ann', session: 's1', provider: 'openai', service: 'shop' },
    ...{ environment: 'production', labels: { team: 'red', constructor: 'x' }, costUsd: '0.000000000001' },
    ...{ inputTokens: 10, outputTokens: 5 },
    columns: {
      ...{ request_model: 'gpt', agent_version: '7', service_tier: 'flex', is_batch: true, is_error: true },
      ...{ cache_read_tokens: 1n, cache_write_tokens: 5n, cache_write_5m_tokens: 2n, cache_write_1h_tokens: 3n },
      ...{ reasoning_tokens: 4n, input_audio_tokens: 6n, output_audio_tokens: 7n },
      ...{ price: '{"source":"table","perMillionUsd":"2.50"}', price_version: '2026-11-01', pass: 12n },
      reported_cost_usd: picodollars('0.5'),
    },
  };
  const wrapper: BookingFixture = {
    ...{ ...span('a1', 2), at: 1, agent: 'support', notCountedBecause: 'wrapper' },
    columns: {
      counted_instead_trace_id: Buffer.from(traceIdOf('a1'), 'hex'),
      counted_instead_span_id: Buffer.from(spanIdOf(1), 'hex'),
    },
  };
  const unpriced: BookingFixture = { ...span('a2', 3), at: 2, agent: 'support', model: 'local', inputTokens: 9 };
  const corrected: BookingFixture = { ...span('a3', 4), at: 3, agent: 'nobody', costUsd: '0.3', pass: 20 };
  const again: BookingFixture = { ...span('a4', 5), at: 4, agent: 'search', status: 'reported', costUsd: '0.2' };
  const undone: BookingFixture = { ...span('a5', 6), at: 5, agent: 'search', costUsd: '9' };

  beforeAll(async () => {
    await api.ledger.book(call, wrapper, unpriced, corrected, again, undone);
    await api.ledger.reverse({ ...corrected, pass: 21 }, undone, again);
    await api.ledger.book({ ...corrected, agent: 'support', pass: 21 }, again);
  });

  it('says all that a decision says', async () => {
    const { entries } = await api.listLedger({ session: 's1' });
    expect(entries).toEqual([
      {
        ...{ traceId: call.traceId, spanId: call.spanId, startTimeUnixNano: String(noonNs), sign: 1 },
        ...{ agent: 'support', agentVersion: '7', session: 's1', user: 'ann', environment: 'production' },
        ...{ service: 'shop', labels: { team: 'red', constructor: 'x' }, provider: 'openai', model: 'gpt-2026' },
        ...{ requestModel: 'gpt', kind: 'llm', operation: 'chat', serviceTier: 'flex', isBatch: true, isError: true },
        ...{ counted: true, notCountedBecause: null, countedInstead: null, status: 'priced' },
        usage: {
          ...{ modelCalls: 1, inputTokens: 10, outputTokens: 5, cacheReadTokens: 1, cacheWriteTokens: 5 },
          reasoningTokens: 4,
        },
        ...{ cacheWrite5mTokens: 2, cacheWrite1hTokens: 3, inputAudioTokens: 6, outputAudioTokens: 7 },
        ...{ costUsd: '0.000000000001', reportedCostUsd: '0.5' },
        ...{ price: { source: 'table', perMillionUsd: '2.50' }, priceVersion: '2026-11-01', pass: '12' },
        bookedAtUnixNano: expect.stringMatching(/^\d{13}000000$/) as string,
      },
    ]);
  });

  it('has what is in force, newest first', async () => {
    const { entries, nextCursor } = await api.listLedger();
    expect(idsOf(entries)).toEqual(['a45', 'a34', 'a23', 'a11']);
    expect(entries.map((entry) => entry.agent)).toEqual(['search', 'support', 'support', 'support']);
    expect(nextCursor).toBeNull();
  });

  it('by cost has unknown ones last', async () => {
    const { entries } = await api.listLedger({ sort: '-cost' });
    expect(entries.map((entry) => entry.costUsd)).toEqual(['0.3', '0.2', '0.000000000001', null]);
  });

  it('says why a span is not counted, and what is instead', async () => {
    const { entries } = await api.listLedger({ counted: 'false' });
    expect(entries).toMatchObject([
      {
        ...{ spanId: spanIdOf(2), counted: false, notCountedBecause: 'wrapper', status: null, costUsd: null },
        ...{ countedInstead: { traceId: traceIdOf('a1'), spanId: spanIdOf(1) }, price: null, priceVersion: null },
        usage: { modelCalls: 0 },
      },
    ]);
    expect((await api.listLedger({ counted: 'all' })).entries).toHaveLength(5);
  });

  it.each<[Record<string, string | string[]>, string[]]>([
    [{ agent: 'nobody' }, []],
    [{ agent: 'search' }, ['a45']],
    [{ model: ['local', 'gpt-2026'] }, ['a23', 'a11']],
    [{ label: 'team=red' }, ['a11']],
    [{ label: 'team=blue' }, []],
    [{ unattributed: 'model' }, ['a45', 'a34']],
    [{ unattributed: 'label:team', agent: 'support' }, ['a34', 'a23']],
    [{ status: 'reported' }, ['a45']],
    [{ status: 'unpriced_model' }, ['a23']],
    [{ from: '2026-11-20T12:00:02Z', to: '2026-11-20T12:00:03Z' }, ['a23']],
    [{ traceId: traceIdOf('a3'), from: '2026-11-01T00:00:00Z', to: '2026-11-02T00:00:00Z' }, ['a34']],
    [{ traceId: traceIdOf('a1'), counted: 'all' }, ['a12', 'a11']],
  ])('of %j', async (filters, ids) => {
    expect(idsOf((await api.listLedger(filters)).entries)).toEqual(ids);
    expect(idsOf((await api.listLedger({ ...filters, sort: '-cost' })).entries).toSorted()).toEqual(ids.toSorted());
  });

  it('has the history of a trace as it was written, page by page', async () => {
    const parameters = { traceId: traceIdOf('a3'), history: 'true' };
    const { entries } = await api.listLedger(parameters);
    expect(
      entries.map(({ sign, agent, costUsd, usage, pass }) => [sign, agent, costUsd, usage.modelCalls, pass]),
    ).toEqual([
      [1, 'nobody', '0.3', 1, '20'],
      [-1, 'nobody', '-0.3', -1, '21'],
      [1, 'support', '0.3', 1, '21'],
    ]);
    const paged = await readPages((cursor) => api.listLedger({ ...parameters, limit: 1, cursor }));
    expect(paged).toEqual(entries);
    expect(await api.ask('/api/ledger', { project: api.project, history: 'true' })).toMatchObject({
      status: 400,
      error: { code: 'invalid_request', message: '`history` needs a `traceId`' },
    });
  });

  it('refuses the cursor of another order', async () => {
    const { nextCursor } = await api.listLedger({ limit: 1 });
    const asked = { project: api.project, sort: '-cost', cursor: nextCursor ?? '' };
    expect((await api.ask('/api/ledger', asked)).error?.code).toBe('invalid_cursor');
  });
});

describe('a long ledger', () => {
  const api = useMoneyApi(useDatabase());
  const count = 700;
  const bookings = Array.from({ length: count }, (_, i): BookingFixture => ({
    ...span((i % 50).toString(16).padStart(2, '0'), i + 1),
    // Many of the same start and cost, over days.
    at: -Math.floor(i / 3) * 2_000,
    agent: `agent${i % 3}`,
    costUsd: i % 10 === 0 ? null : `0.0${i % 7}`,
  }));
  const reversed = bookings.filter((_, i) => i % 4 === 1);
  const inForce = bookings.filter((_, i) => i % 4 !== 1);

  beforeAll(async () => {
    await api.ledger.bookAll(bookings);
    await api.ledger.reverse(...reversed);
  });

  it.each(['-startTime', '-cost'])('has every row once, page by page, by %s', async (sort) => {
    const parameters = { sort, from: '2026-11-01T00:00:00Z', limit: 37 };
    const pages = await readPages((cursor) => api.listLedger({ ...parameters, cursor }));
    expect(idsOf(pages).toSorted()).toEqual(
      inForce.map(({ traceId, spanId }) => `${traceId.slice(0, 2)}${Number.parseInt(spanId, 16)}`).toSorted(),
    );
    const values = pages.map((entry) =>
      sort === '-cost' ? (entry.costUsd === null ? -1n : picodollars(entry.costUsd)) : BigInt(entry.startTimeUnixNano),
    );
    expect(values).toEqual(values.toSorted((a, b) => (a < b ? 1 : a > b ? -1 : 0)));
  });

  it('adds up to the costs of the same filters', async () => {
    for (const filters of [{}, { agent: 'agent1' }, { status: undefined, from: '2026-11-12T00:00:00.001Z' }]) {
      const parameters = { from: '2026-11-01T00:00:00Z', ...filters };
      const { totals } = await api.getCosts(parameters);
      const entries = await readPages((cursor) => api.listLedger({ ...parameters, limit: 200, cursor }));
      expect(entries.length).toBe(totals.usage.modelCalls);
      const sum = entries.reduce((total, { costUsd }) => total + picodollars(costUsd ?? '0'), 0n);
      expect(sum).toBe(picodollars(totals.cost.usd ?? ''));
    }
  });

  it('keeps the window of its first page where none was asked for', async () => {
    const parameters = { from: undefined, to: undefined, limit: 100 };
    const pages = await readPages((cursor) => api.listLedger({ ...parameters, cursor }));
    expect(pages).toHaveLength(inForce.length);
  });
});

async function readPages(
  read: (cursor: string | undefined) => Promise<{ entries: LedgerEntryReply[]; nextCursor: string | null }>,
): Promise<LedgerEntryReply[]> {
  const entries: LedgerEntryReply[] = [];
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    entries.push(...page.entries);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return entries;
}
