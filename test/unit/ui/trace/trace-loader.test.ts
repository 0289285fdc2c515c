import { describe, expect, it } from 'vitest';
import type { SpanSkeleton, TraceReply } from '../../../../ui/api/types.ts';
import type { Router } from '../../../../ui/state/router.svelte.ts';
import { SpanDetails } from '../../../../ui/trace/span-details.ts';
import { TraceAddress } from '../../../../ui/trace/trace-address.svelte.ts';
import { type LoadDeps, TraceLoader } from '../../../../ui/trace/trace-loader.svelte.ts';
import { TraceView } from '../../../../ui/trace/trace-view.svelte.ts';
import { makeSpan, startNs } from './trace-fixture.ts';

const startMs = Number(startNs / 1_000_000n);
const longAfterMs = startMs + 3_600_000;

function makeView(): TraceView {
  const router = { params: new URLSearchParams(), setParams: () => undefined };
  return new TraceView(new TraceAddress(router as unknown as Router), () => true); // all of it that an address uses
}

/** A trace as the API pages it; `limit` spans a page, the cursor is the next place. */
function makeApi(spans: SpanSkeleton[]) {
  const asked: { limit: number; cursor?: string }[] = [];
  const getPage: LoadDeps['getPage'] = (page) => {
    asked.push(page);
    const from = Number(page.cursor ?? 0);
    const to = Math.min(from + page.limit, spans.length);
    const trace = { spanCount: spans.length, endTimeUnixNano: String(startNs) } as TraceReply['trace']; // what the loader reads
    return Promise.resolve({
      trace,
      spans: spans.slice(from, to),
      nextCursor: to < spans.length ? String(to) : null,
    });
  };
  return { asked, getPage };
}

const makeSpans = (count: number) =>
  Array.from({ length: count }, (_, place) =>
    makeSpan({ id: `s${place}`, fromMs: place, ...(place > 0 && { parent: 's0' }) }),
  );

const deps = (api: { getPage: LoadDeps['getPage'] }, rest: Partial<LoadDeps> = {}): LoadDeps => ({
  getPage: api.getPage,
  now: () => longAfterMs,
  wait: () => Promise.resolve(),
  isWatched: () => true,
  ...rest,
});

describe('loading a trace', () => {
  it('asks for a small page first and for large ones until all spans are there', async () => {
    const api = makeApi(makeSpans(13_000));
    const view = makeView();
    const loader = new TraceLoader(view, deps(api));
    await loader.run(new AbortController().signal);
    expect(api.asked).toEqual([
      { limit: 2_000 },
      { limit: 10_000, cursor: '2000' },
      { limit: 10_000, cursor: '12000' },
    ]);
    expect([loader.status, loader.received, loader.expected, loader.isLive]).toEqual([
      'complete',
      13_000,
      13_000,
      false,
    ]);
    expect(view.rows).toHaveLength(13_000);
    expect(view.kindCounts.get('other')).toBe(13_000);
  });

  it('follows a young trace, adds what arrived, and stops when it was silent for a while', async () => {
    const spans = makeSpans(3);
    const view = makeView();
    let waits = 0;
    let nowMs = startMs + 1_000;
    const wait = () => {
      waits += 1;
      if (waits === 1) spans.push(makeSpan({ id: 'late', parent: 's0', fromMs: -5 }));
      if (waits === 3) nowMs = longAfterMs;
      return Promise.resolve();
    };
    const loader = new TraceLoader(view, deps(makeApi(spans), { wait, now: () => nowMs }));
    await loader.run(new AbortController().signal);
    expect(waits).toBe(3);
    expect(loader.isLive).toBe(false);
    expect(Array.from(view.rows, (index) => view.getSpan(index)?.spanId)).toEqual(['s0', 'late', 's1', 's2']);
  });

  it('follows a trace of any age until it is settled, for a minute at most', async () => {
    const spans = makeSpans(1);
    const view = makeView();
    let isSettled = false;
    const getPage: LoadDeps['getPage'] = async (page, signal) => {
      const reply = await makeApi(spans).getPage(page, signal);
      return { ...reply, trace: { ...reply.trace, settled: isSettled } };
    };
    let waits = 0;
    const wait = () => {
      waits += 1;
      if (waits === 2) {
        isSettled = true;
        spans[0] = makeSpan({ id: 's0', counted: true });
      }
      return Promise.resolve();
    };
    await new TraceLoader(view, deps({ getPage }, { wait })).run(new AbortController().signal);
    expect(waits).toBe(3);
    expect([view.summary?.settled, view.getSpan(0)?.counted]).toEqual([true, true]);

    isSettled = false;
    let nowMs = longAfterMs;
    const slow = { wait: () => Promise.resolve((nowMs += 20_000)).then(() => undefined), now: () => nowMs };
    await new TraceLoader(makeView(), deps({ getPage }, slow)).run(new AbortController().signal);
    expect(nowMs).toBe(longAfterMs + 60_000);
  });

  it('tries again when following fails, and keeps the trace that is there', async () => {
    const spans = makeSpans(2);
    const api = makeApi(spans);
    let asked = 0;
    const getPage: LoadDeps['getPage'] = (page, signal) =>
      ++asked === 2 ? Promise.reject(new Error('restarting')) : api.getPage(page, signal);
    let waits = 0;
    const controller = new AbortController();
    const wait = () => {
      waits += 1;
      if (waits === 1) spans.push(makeSpan({ id: 'late', fromMs: 9 }));
      if (waits === 2) controller.abort();
      return Promise.resolve();
    };
    const loader = new TraceLoader(makeView(), deps({ getPage }, { wait, now: () => startMs }));
    await loader.run(controller.signal);
    expect([loader.status, loader.received]).toEqual(['complete', 3]);
  });

  it('asks nothing while nobody looks', async () => {
    const api = makeApi(makeSpans(1));
    let waits = 0;
    const controller = new AbortController();
    const wait = () => {
      waits += 1;
      if (waits === 3) controller.abort();
      return Promise.resolve();
    };
    const loader = new TraceLoader(makeView(), deps(api, { wait, now: () => startMs, isWatched: () => false }));
    await loader.run(controller.signal);
    expect(api.asked).toHaveLength(1);
  });

  it('keeps what was received when a later page fails, and says so', async () => {
    const api = makeApi(makeSpans(5_000));
    const view = makeView();
    const failing: LoadDeps['getPage'] = (page, signal) =>
      page.cursor === undefined ? api.getPage(page, signal) : Promise.reject(new Error('gone'));
    const loader = new TraceLoader(view, deps({ getPage: failing }));
    await loader.run(new AbortController().signal);
    expect([loader.status, loader.received, loader.expected]).toEqual(['failed', 2_000, 5_000]);
    expect(view.rows).toHaveLength(2_000);
  });
});

describe('span details', () => {
  it('are asked for once by two who want them at the same time', async () => {
    let asked = 0;
    const details = new SpanDetails(
      () => Promise.resolve({ ...makeSpan({ id: `answer ${++asked}` }) } as never), // only its identity matters
      () => 0,
    );
    expect(details.load('a')).toBe(details.load('a'));
    expect((await details.load('b')).spanId).toBe('answer 2');
  });

  it('are asked for again after a failure, and while spans still arrive', async () => {
    let nowMs = 0;
    const answers = [() => Promise.reject(new Error('away')), () => Promise.resolve(1), () => Promise.resolve(2)];
    const details = new SpanDetails(
      () => (answers.shift() ?? (() => Promise.reject(new Error('asked too often'))))() as never,
      () => nowMs,
    ); // only its identity matters
    await expect(details.load('a')).rejects.toThrow('away');
    expect(await details.load('a')).toBe(1);
    expect(await details.load('a', { isLive: true })).toBe(1);
    nowMs = 6_000;
    expect(await details.load('a')).toBe(1);
    expect(await details.load('a', { isLive: true })).toBe(2);
  });

  it('are forgotten when sixty-four others were used since', () => {
    const asked: string[] = [];
    const details = new SpanDetails(
      (spanId) => {
        asked.push(spanId);
        return new Promise(() => undefined);
      },
      () => 0,
    );
    void details.load('first');
    void details.load('second');
    for (let number = 0; number < 63; number++) {
      void details.load(`other ${number}`);
      void details.load('second');
    }
    void details.load('second');
    void details.load('first');
    expect(asked.filter((spanId) => spanId === 'first')).toHaveLength(2);
    expect(asked.filter((spanId) => spanId === 'second')).toHaveLength(1);
  });
});
