import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SpanEventRow, SpanRow } from '../../../../../migrations/schema.ts';
import { loadPriceBook } from '../../../../../server/load-price-book.ts';
import { mapCaptureRows } from '../../../../support/capture-rows.ts';
import { loadCaptures } from '../../../../support/captures.ts';
import type { Arrival } from './arrivals.ts';
import { SimulatedSettlement } from './simulated-settlement.ts';

const book = loadPriceBook(undefined);
const captures = loadCaptures('otel-openai-', 'openinference-');
const projectId = 'p';

const single = captures.map((capture) => ({ name: capture.id, arrivals: arrivalsOf(capture), numRuns: 25 }));
const doubled = captures.map((capture) => ({
  name: `${capture.id}, seen by another instrumentation in traces of its own as well`,
  arrivals: [...arrivalsOf(capture), ...arrivalsOf(capture).flatMap(asSeenElsewhere)],
  numRuns: 15,
}));
const together = [{ name: 'all captures in one project', arrivals: captures.flatMap(arrivalsOf), numRuns: 5 }];

describe.each([...single, ...doubled, ...together])('$name', ({ arrivals, numRuns }) => {
  const atOnce = new SimulatedSettlement(book);
  atOnce.settle(arrivals);

  it('gives the same ledger, decisions and summaries in any order, repetition and batching', () => {
    fc.assert(
      fc.property(schedules(arrivals), (batches) => {
        const settlement = new SimulatedSettlement(book);
        for (const batch of batches) settlement.settle(batch);
        expect(settlement.outcome()).toEqual(atOnce.outcome());
        expect(settlement.settleAgain()).toEqual([]);
      }),
      { numRuns },
    );
  });
});

describe('the ledger', () => {
  it.each(captures.map((capture) => [capture.id, capture] as const))(
    'sums up to the truth of %s, however often it was seen',
    (_id, capture) => {
      const settlement = new SimulatedSettlement(book);
      const arrivals = arrivalsOf(capture);
      const booked = settlement.settle([...arrivals, ...arrivals, ...arrivals.flatMap(asSeenElsewhere)]);
      const sum = (read: (entry: (typeof booked)[number]['entry']) => bigint) =>
        Number(booked.reduce((total, { entry }) => total + read(entry), 0n));
      expect({
        input_total: sum(({ inputTokens }) => inputTokens),
        output_total: sum(({ outputTokens }) => outputTokens),
        cache_read: sum(({ cacheReadTokens }) => cacheReadTokens),
        cache_write: sum(({ cacheWriteTokens }) => cacheWriteTokens),
        reasoning: sum(({ reasoningTokens }) => reasoningTokens),
      }).toEqual({
        input_total: capture.derivable.input_total,
        output_total: capture.derivable.output_total,
        cache_read: capture.derivable.cache_read,
        cache_write: capture.derivable.cache_write,
        reasoning: capture.derivable.reasoning,
      });
    },
  );
});

function arrivalsOf(capture: (typeof captures)[number]): Arrival[] {
  const { spans, events } = mapCaptureRows(capture, projectId);
  return [...spans.map(spanArrival), ...events.map(eventArrival)];
}

function spanArrival(row: SpanRow): Arrival {
  return { kind: 'span', row };
}

function eventArrival(row: SpanEventRow): Arrival {
  return { kind: 'event', row };
}

/** The spans as a second instrumentation would send them: another trace, no session, and only some response ids. */
function asSeenElsewhere(arrival: Arrival): Arrival[] {
  if (arrival.kind === 'event') return [];
  const { row } = arrival;
  const hasId = (row.span_id[0] ?? 0) % 2 === 0;
  return [
    spanArrival({
      ...row,
      trace_id: row.trace_id.map((byte) => byte ^ 0xff),
      scope_name: `${row.scope_name} again`,
      session_id: '',
      response_id: hasId ? row.response_id : '',
    }),
  ];
}

/** Everything arrives once to three times, in any order, cut into batches anywhere. */
function schedules(arrivals: readonly Arrival[]): fc.Arbitrary<Arrival[][]> {
  return fc
    .array(fc.integer({ min: 1, max: 3 }), { minLength: arrivals.length, maxLength: arrivals.length })
    .chain((times) => {
      const all = arrivals.flatMap((arrival, place) => Array.from({ length: times[place] ?? 1 }, () => arrival));
      return fc.tuple(
        fc.shuffledSubarray(all, { minLength: all.length }),
        fc.array(fc.boolean(), { minLength: all.length, maxLength: all.length }),
      );
    })
    .map(([ordered, cuts]) => {
      const batches: Arrival[][] = [[]];
      for (const [place, arrival] of ordered.entries()) {
        batches.at(-1)?.push(arrival);
        if (cuts[place] === true) batches.push([]);
      }
      return batches;
    });
}
