import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CostGroupName, CostInterval } from '../../../../server/contract/costs.ts';
import { planCosts } from '../../../../server/domain/cost-plan.ts';
import { parseRfc3339, unixNano } from '../../../../server/domain/time.ts';

const at = (text: string) => parseRfc3339(text) ?? unixNano(0n);
const hourNs = 3_600_000_000_000n;
const dayNs = 24n * hourNs;

interface Request {
  from?: string;
  to?: string;
  interval?: CostInterval;
  dimensions?: readonly CostGroupName[];
}

function plan({ from = '2026-08-22T00:00:00Z', to = '2026-11-20T00:00:00Z', interval, dimensions = [] }: Request) {
  const window = { from: at(from), to: at(to) };
  return planCosts({ window, interval, dimensions }).map(({ source, windows }) => [
    source,
    ...windows.map((part) => [part.from, part.to].map((ns) => new Date(Number(ns / 1_000_000n)).toISOString())),
  ]);
}

const sourcesOf = (request: Request) => plan(request).map(([source]) => source);

describe('the plan of a question about costs', () => {
  it.each<[string, Request, string[]]>([
    ['whole days by agent and model', { interval: 'day', dimensions: ['agent', 'model'] }, ['day']],
    ['whole days by user', { dimensions: ['user'] }, ['day']],
    ['months by model', { interval: 'month', dimensions: ['model'] }, ['day']],
    ['nothing but totals', {}, ['day']],
    ['hours by agent', { interval: 'hour', dimensions: ['agent'] }, ['hour']],
    ['hours by user', { interval: 'hour', dimensions: ['user'] }, ['rows']],
    ['agent and user at once', { dimensions: ['agent', 'user'] }, ['rows']],
    ['sessions', { dimensions: ['session'] }, ['rows']],
    ['a label', { dimensions: ['agent', 'label:team'] }, ['rows']],
    ['an empty window', { to: '2026-08-22T00:00:00Z' }, []],
    ['part of an hour', { to: '2026-08-22T00:59:59.999Z' }, ['rows']],
    ['the years after a `Date` ends', { from: '2150-01-01T00:00:00Z', to: '2200-01-01T00:00:00Z' }, ['rows']],
  ])('%s', (_name, request, sources) => {
    expect(sourcesOf(request)).toEqual(sources);
  });

  it('reads days, then hours, then rows', () => {
    expect(plan({ from: '2026-08-21T22:30:00Z', to: '2026-08-24T03:00:00.001Z', dimensions: ['agent'] })).toEqual([
      ['day', ['2026-08-22T00:00:00.000Z', '2026-08-24T00:00:00.000Z']],
      [
        'hour',
        ['2026-08-21T23:00:00.000Z', '2026-08-22T00:00:00.000Z'],
        ['2026-08-24T00:00:00.000Z', '2026-08-24T03:00:00.000Z'],
      ],
      [
        'rows',
        ['2026-08-21T22:30:00.000Z', '2026-08-21T23:00:00.000Z'],
        ['2026-08-24T03:00:00.000Z', '2026-08-24T03:00:00.001Z'],
      ],
    ]);
  });

  it('covers every moment of the window once, in whole units', () => {
    const ns = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
      fc.bigInt({ min: 20_000n * 24n, max: 20_100n * 24n }).map((hours) => hours * hourNs),
    );
    const interval = fc.constantFrom(undefined, 'hour' as const, 'day' as const, 'month' as const);
    const dimensions = fc.subarray<CostGroupName>(['agent', 'model', 'user', 'session']);
    fc.assert(
      fc.property(ns, ns, interval, dimensions, (a, b, unit, names) => {
        const window = { from: unixNano(a < b ? a : b), to: unixNano(a < b ? b : a) };
        const pieces = planCosts({ window, interval: unit, dimensions: names });
        const parts = pieces.flatMap((piece) => piece.windows).sort((x, y) => (x.from < y.from ? -1 : 1));
        let reached = window.from;
        for (const part of parts) {
          expect(part.from).toBe(reached);
          expect(part.to).toBeGreaterThan(part.from);
          reached = part.to;
        }
        expect(reached).toBe(window.to);
        for (const { source, windows } of pieces) {
          const length = { day: dayNs, hour: hourNs, rows: 1n }[source];
          expect(windows.every((part) => part.from % length === 0n && part.to % length === 0n)).toBe(true);
        }
      }),
    );
  });
});
