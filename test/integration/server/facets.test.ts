import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../../support/database.ts';
import { useApi } from './api.ts';
import { noonNs, spanIdOf, traceIdOf } from './fixtures.ts';

describe('facets, histogram, spans and projects', () => {
  const api = useApi(useDatabase());

  beforeAll(async () => {
    const spans = ['f1', 'f2', 'f3'].flatMap((digits, i) => {
      const traceId = traceIdOf(digits);
      const status = i === 2 ? 'error' : 'ok';
      return [
        {
          traceId,
          spanId: spanIdOf(1),
          at: i * 3600,
          columns: { kind: 'agent', agent_name: i === 0 ? 'a' : 'b', status },
        },
        {
          traceId,
          spanId: spanIdOf(2),
          parentSpanId: spanIdOf(1),
          at: i * 3600 + 1,
          durationMs: 2000,
          columns: {
            ...{ kind: 'llm', request_model: 'req', response_model: i === 1 ? '' : 'res', provider: 'openai' },
            ...{ user_id: `u${String(i)}`, environment: 'production', tool_name: 'search', service_name: 'shop' },
          },
        },
      ];
    });
    await api.write.spans(...spans);
    await api.write.spans(...spans);
    const many = Array.from({ length: 22 }, (_, i) => ({
      traceId: traceIdOf('f9'),
      spanId: spanIdOf(100 + i),
      ...(i === 0 ? {} : { parentSpanId: spanIdOf(100) }),
      at: -4 * 3600,
      columns: { session_id: `s${String(i)}` },
    }));
    await api.write.spans(...many);
  });

  it('count distinct traces a value', async () => {
    expect(await api.listFacets({ from: '2026-11-20T11:00:00Z' })).toEqual({
      agent: { a: 1, b: 2 },
      model: { res: 2, req: 1 },
      kind: { agent: 3, llm: 3 },
      status: { ok: 2, error: 1 },
      user: { u0: 1, u1: 1, u2: 1 },
      session: {},
      tool: { search: 3 },
      provider: { openai: 3 },
      service: { shop: 3 },
      environment: { production: 3 },
    });
  });

  it('leave the values of a filter’s own facet in sight', async () => {
    const facets = await api.listFacets({ agent: 'b', status: 'error' });
    expect(facets['agent']).toEqual({ b: 1 });
    expect(facets['status']).toEqual({ ok: 1, error: 1 });
    expect(facets['user']).toEqual({ u2: 1 });
    const ofUser = await api.listFacets({ user: 'u0' });
    expect(ofUser['user']).toEqual({ u0: 1, u1: 1, u2: 1 });
    expect(ofUser['agent']).toEqual({ a: 1 });
  });

  it('say that there are more than twenty values', async () => {
    const asked = await api.app.request(
      `http://127.0.0.1/api/facets?project=${api.project}&from=2026-11-20T00:00:00Z&to=2026-11-20T11:00:00Z`,
      { headers: { host: '127.0.0.1' } },
    );
    const { facets } = (await asked.json()) as { facets: { name: string; values: unknown[]; more: boolean }[] };
    const session = facets.find((facet) => facet.name === 'session');
    expect(session?.values).toHaveLength(20);
    expect(session?.more).toBe(true);
  });

  it('leave out traces that began before the window', async () => {
    const facets = await api.listFacets({ from: '2026-11-20T12:00:00.5Z', to: '2026-11-20T12:30:00Z' });
    expect(facets['kind']).toEqual({});
  });

  it('count by time with empty buckets', async () => {
    const { intervalMs, buckets } = await api.countTraces({
      from: '2026-11-20T11:30:00Z',
      to: '2026-11-20T14:30:00Z',
    });
    expect(intervalMs).toBe(300_000);
    expect(buckets).toHaveLength(36);
    const filled = buckets.filter((bucket) => bucket.traceCount > 0);
    expect(filled.map((bucket) => bucket.startTimeUnixNano)).toEqual(
      [0n, 1n, 2n].map((hours) => String(noonNs + hours * 3_600_000_000_000n)),
    );
    expect(filled.map((bucket) => bucket.errorCount)).toEqual([0, 0, 1]);
  });

  it('list spans that match themselves, each once, in pages', async () => {
    const first = await api.listSpans({ kind: 'llm', limit: 2 });
    const second = await api.listSpans({ kind: 'llm', limit: 2, cursor: first.nextCursor ?? '' });
    expect([...first.spans, ...second.spans].map((span) => span.userId)).toEqual(['u2', 'u1', 'u0']);
    expect(second.nextCursor).toBeNull();
    expect((await api.listSpans({ sort: 'startTime', minDurationMs: 2000, limit: 1 })).spans[0]?.userId).toBe('u0');
    expect((await api.listSpans({ status: 'error' })).spans).toHaveLength(1);
    expect((await api.listSpans({ kind: 'llm', status: 'ok', agent: 'b' })).spans).toEqual([]);
  });

  it('page through spans that start at the same time', async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await api.listSpans({ to: '2026-11-20T11:00:00Z', limit: 5, cursor });
      seen.push(...page.spans.map((span) => span.spanId));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toHaveLength(22);
    expect(new Set(seen).size).toBe(22);
  });

  it('show the copy of a span that arrived last, only if that one matches', async () => {
    const span = { traceId: traceIdOf('f8'), spanId: spanIdOf(1), at: -3600 };
    await api.write.spans({ ...span, columns: { kind: 'guardrail', status: 'unset' } });
    await api.write.spans({ ...span, columns: { kind: 'guardrail', status: 'error' } });
    expect((await api.listSpans({ kind: 'guardrail' })).spans).toMatchObject([{ status: 'error' }]);
    expect((await api.listSpans({ kind: 'guardrail', status: 'ok' })).spans).toEqual([]);
  });

  it('name every project with its spans', async () => {
    const { projects } = await api.listProjects();
    const own = projects.find((project) => project.projectId === api.project);
    expect(own?.spanCount).toBeGreaterThanOrEqual(28);
    expect(Number(own?.lastSeenUnixNano)).toBeGreaterThan(1e18);
  });
});
