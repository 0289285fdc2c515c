import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../../support/database.ts';
import { useApi } from './api.ts';
import { spanIdOf, traceIdOf } from './fixtures.ts';

const hour = 3_600;
const day = 24 * hour;

describe('traces over long times', () => {
  const api = useApi(useDatabase());
  const paused = traceIdOf('a0');
  const fragments = Array.from({ length: 12 }, (_, i) => traceIdOf(`b${i.toString(16)}`));
  const spread = Array.from({ length: 40 }, (_, i) => traceIdOf(`c${i.toString(16).padStart(2, '0')}`));

  beforeAll(async () => {
    await api.write.spans(
      // A person was asked and answered three days later.
      { traceId: paused, spanId: spanIdOf(1), at: -3 * day, columns: { name: 'paused', agent_name: 'asks' } },
      { traceId: paused, spanId: spanIdOf(2), parentSpanId: spanIdOf(1), at: 600, columns: { name: 'resumed' } },
      // Roots that never arrived; each goes on in the window of the others.
      ...fragments.flatMap((traceId, i) => [
        { traceId, spanId: spanIdOf(1), parentSpanId: spanIdOf(9), at: -5 * hour + i, columns: { name: 'begin' } },
        { traceId, spanId: spanIdOf(2), parentSpanId: spanIdOf(9), at: i, columns: { name: 'later' } },
      ]),
      ...spread.map((traceId, i) => ({ traceId, spanId: spanIdOf(1), at: -i * 13 * hour - 12 * hour })),
    );
  });

  it('are listed where they begin and nowhere else', async () => {
    const ids = async (from: string, to: string) =>
      (await api.listTraces({ from, to })).traces.map((trace) => trace.traceId);
    expect(await ids('2026-11-20T12:00:00Z', '2026-11-20T13:00:00Z')).toEqual([]);
    expect((await ids('2026-11-20T07:00:00Z', '2026-11-20T08:00:00Z')).toSorted()).toEqual(fragments);
    expect(await ids('2026-11-17T12:00:00Z', '2026-11-17T12:00:01Z')).toEqual([paused]);
  });

  it('do not fill a page with what belongs elsewhere', async () => {
    const own = traceIdOf('a1');
    await api.write.spans({ traceId: own, spanId: spanIdOf(1), at: -1, columns: { name: 'own' } });
    const { traces } = await api.listTraces({ from: '2026-11-20T11:59:00Z', to: '2026-11-20T12:30:00Z', limit: 2 });
    expect(traces.map((trace) => trace.name)).toEqual(['own']);
  });

  it('have all their spans on their own page', async () => {
    const { trace, spans } = await api.getTrace(paused);
    expect(trace).toMatchObject({ name: 'paused', spanCount: 2 });
    expect(spans.map((span) => span.name)).toEqual(['paused', 'resumed']);
  });

  it.each(['-startTime', 'startTime'])('come in one order over weeks, page by page: %s', async (sort) => {
    const window = { from: '2026-10-20T00:00:00Z', to: '2026-11-20T00:00:00.000000001Z' };
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await api.listTraces({ ...window, sort, limit: 7, cursor });
      seen.push(...page.traces.map((trace) => trace.traceId));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    const expected = spread.toSpliced(Math.ceil(60 / 13), 0, paused);
    expect(seen).toEqual(sort === '-startTime' ? expected : expected.toReversed());
  });
});
