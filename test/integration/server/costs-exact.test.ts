import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../../support/database.ts';
import { noonNs, spanIdOf, traceIdOf } from './fixtures.ts';
import { type BookingFixture, picodollars } from './ledger-fixtures.ts';
import { useMoneyApi } from './money-api.ts';

const hourNs = 3_600_000_000_000n;
const bookingCount = 600;
const windows = 150;

/** Starts around day and month boundaries, some exactly on an hour. */
const startNs = fc
  .tuple(fc.integer({ min: -24 * 20, max: 24 * 20 }), fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: hourNs })))
  .map(([hours, rest]) => noonNs + BigInt(hours) * hourNs + rest);
const value = (name: string) => fc.integer({ min: 0, max: 3 }).map((i) => (i === 0 ? '' : `${name}${i}`));
const call = fc.record({
  startNs,
  agent: value('agent'),
  model: value('model'),
  user: value('user'),
  session: value('session'),
  costUsd: fc.option(fc.integer({ min: 0, max: 2 ** 30 }).map((units) => `0.${String(units).padStart(12, '0')}`)),
  inputTokens: fc.nat(1_000),
});

interface Booked {
  booking: BookingFixture & { startNs: bigint };
  isReversed: boolean;
}

describe('costs of any window', () => {
  const api = useMoneyApi(useDatabase());
  const booked: Booked[] = fc.sample(call, { numRuns: bookingCount, seed: 7 }).map((fixture, i) => ({
    booking: { traceId: traceIdOf(i.toString(16).padStart(8, '0')), spanId: spanIdOf(i + 1), ...fixture },
    isReversed: i % 9 === 0,
  }));

  beforeAll(async () => {
    await api.ledger.bookAll(booked.map(({ booking }) => booking));
    await api.ledger.reverse(...booked.filter(({ isReversed }) => isReversed).map(({ booking }) => booking));
  });

  const dimensions = ['agent', 'model', 'user', 'session'] as const;

  it('are those of the bookings in it that are in force, in totals and in every row', async () => {
    const question = fc.record({
      window: fc.tuple(startNs, startNs).map(([a, b]) => (a < b ? { from: a, to: b } : { from: b, to: a })),
      groupBy: fc.subarray([...dimensions], { maxLength: 3 }),
      interval: fc.constantFrom(undefined, 'hour' as const, 'day' as const, 'month' as const),
      agent: fc.constantFrom(undefined, undefined, undefined, 'agent1'),
      user: fc.constantFrom(undefined, undefined, undefined, 'user2'),
    });
    for (const { window, groupBy, interval, agent, user } of fc.sample(question, { numRuns: windows, seed: 11 })) {
      const inside = booked
        .filter(({ isReversed }) => !isReversed)
        .map(({ booking }) => booking)
        .filter((one) => one.startNs >= window.from && one.startNs < window.to)
        .filter((one) => (agent ?? one.agent) === one.agent && (user ?? one.user) === one.user);
      const { rows, totals } = await api.getCosts({
        ...{ from: rfc3339(window.from), to: rfc3339(window.to), groupBy: groupBy.join(','), interval, agent, user },
      });
      const shown = `${rfc3339(window.from)} to ${rfc3339(window.to)} by ${groupBy.join()} ${interval ?? ''}`;
      expect(sumOf([totals]), shown).toEqual(truthOf(inside));
      expect(sumOf(rows), shown).toEqual(truthOf(inside));
      const keyOf = (one: BookingFixture & { startNs: bigint }) =>
        [
          interval === undefined ? undefined : startOf(one.startNs, interval),
          ...groupBy.map((name) => (one[name] === '' ? null : one[name])),
        ].join('|');
      const truth = Map.groupBy(inside, keyOf);
      const found = rows.map((row) => [row.time, ...groupBy.map((name) => row[name])].join('|'));
      expect(found.toSorted(), shown).toEqual([...truth.keys()].toSorted());
      for (const [i, row] of rows.entries()) {
        expect(sumOf([row]), shown).toEqual(truthOf(truth.get(found[i] ?? '') ?? []));
      }
    }
  });
});

type Sum = [calls: number, unpriced: number, tokens: number, cost: bigint | null];

function truthOf(bookings: readonly BookingFixture[]): Sum {
  const known = bookings.filter((one) => one.costUsd !== null);
  return [
    bookings.length,
    bookings.length - known.length,
    bookings.reduce((sum, one) => sum + (one.inputTokens ?? 0), 0),
    known.length === 0 ? null : known.reduce((sum, one) => sum + picodollars(one.costUsd ?? ''), 0n),
  ];
}

interface Summed {
  usage: { modelCalls: number; inputTokens: number };
  cost: { usd: string | null; unpricedCalls: number };
}

function sumOf(rows: readonly Summed[]): Sum {
  const costs = rows.flatMap(({ cost }) => (cost.usd === null ? [] : [picodollars(cost.usd)]));
  const add = (of: (row: Summed) => number) => rows.reduce((sum, row) => sum + of(row), 0);
  return [
    add((row) => row.usage.modelCalls),
    add((row) => row.cost.unpricedCalls),
    add((row) => row.usage.inputTokens),
    costs.length === 0 ? null : costs.reduce((sum, cost) => sum + cost, 0n),
  ];
}

function rfc3339(ns: bigint): string {
  const seconds = new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(ns % 1_000_000_000n).padStart(9, '0')}Z`;
}

function startOf(ns: bigint, interval: 'hour' | 'day' | 'month'): string {
  const text = rfc3339(ns);
  if (interval === 'hour') return `${text.slice(0, 13)}:00:00Z`;
  return interval === 'day' ? `${text.slice(0, 10)}T00:00:00Z` : `${text.slice(0, 7)}-01T00:00:00Z`;
}
