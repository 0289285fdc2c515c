import { beforeAll, describe, expect, it } from 'vitest';
import { labelsReply, labelValuesReply } from '../../../server/contract/labels.ts';
import { useDatabase } from '../../support/database.ts';
import { request } from './api.ts';
import { spanIdOf, traceIdOf } from './fixtures.ts';
import { useSessionApi } from './session-api.ts';

type Parameters = Record<string, string | string[] | number | undefined>;

const window = { from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z' };
const labels = (pairs: Record<string, string>) => new Map(Object.entries(pairs));

describe('labels', () => {
  const api = useSessionApi(useDatabase());
  const [first, second, third, plain] = ['1a', '1b', '1c', '1d'].map(traceIdOf) as [string, string, string, string];

  const ask = (path: string, parameters: Parameters = {}) =>
    request(api.app, path, { project: api.project, ...window, ...parameters });
  const listKeys = async (parameters: Parameters = {}) =>
    labelsReply.parse((await ask('/api/labels', parameters)).body);
  const listValues = async (key: string, parameters: Parameters = {}) =>
    labelValuesReply.parse((await ask('/api/labels/values', { key, ...parameters })).body);
  const find = async (label: string | string[], parameters: Parameters = {}) =>
    (await api.listTraces({ label, ...parameters })).traces.map(({ traceId }) => traceId);

  beforeAll(async () => {
    const root = { spanId: spanIdOf(1) };
    const child = { spanId: spanIdOf(2), parentSpanId: spanIdOf(1) };
    const spans = [
      {
        ...{ ...root, traceId: first, at: 1 },
        columns: { labels: labels({ team: 'search', 'tag.beta': 'true' }), agent_name: 'a' },
      },
      { ...child, traceId: first, at: 2, columns: { labels: labels({ team: 'search', 'order=id': 'x' }) } },
      { ...root, traceId: second, at: 3, columns: { agent_name: 'a' } },
      // Only a child says it.
      { ...child, traceId: second, at: 4, columns: { labels: labels({ team: 'billing', note: 'a=b' }) } },
      { ...root, traceId: third, at: 5, columns: { labels: labels({ team: 'billing' }), agent_name: 'b' } },
      { ...root, traceId: plain, at: 6 },
    ];
    await api.write.spans(...spans);
    // Sent twice: counted once.
    await api.write.spans(...spans);
    await api.write.spans({
      ...{ ...root, traceId: traceIdOf('1e'), at: -13 * 3600 },
      columns: { labels: labels({ yesterday: 'x' }) },
    });
  });

  it('are listed by key, with the traces and distinct values that they have', async () => {
    expect(await listKeys()).toEqual({
      labels: [
        { key: 'team', traceCount: 3, valueCount: 2 },
        { key: 'note', traceCount: 1, valueCount: 1 },
        { key: 'order=id', traceCount: 1, valueCount: 1 },
        { key: 'tag.beta', traceCount: 1, valueCount: 1 },
      ],
      more: false,
    });
    expect((await listKeys({ agent: 'b' })).labels).toEqual([{ key: 'team', traceCount: 1, valueCount: 1 }]);
    expect((await listKeys({ label: 'team=search' })).labels.map(({ key }) => key)).toEqual([
      ...['order=id', 'tag.beta', 'team'],
    ]);
    expect((await listKeys({ project: 'another' })).labels).toEqual([]);
  });

  it('have values, which a filter on another label restricts and one on their own does not', async () => {
    const both = [
      { value: 'billing', traceCount: 2 },
      { value: 'search', traceCount: 1 },
    ];
    expect(await listValues('team')).toEqual({ key: 'team', values: both, more: false });
    expect((await listValues('team', { label: 'team=search' })).values).toEqual(both);
    expect((await listValues('team', { label: ['team=search', 'note=a=b'] })).values).toEqual([
      { value: 'billing', traceCount: 1 },
    ]);
    expect((await listValues('team', { q: '""' })).values).toEqual([]);
    expect((await listValues('nothing')).values).toEqual([]);
    expect(await ask('/api/labels/values')).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining('`key` must be given once') as string } },
    });
  });

  it('narrow traces: any value of a key, every key, on whichever spans', async () => {
    expect(await find('team=search')).toEqual([first]);
    expect(await find(['team=search', 'team=billing'])).toEqual([third, second, first]);
    expect(await find(['team=billing', 'note=a=b'])).toEqual([second]);
    expect(await find(['team=search', 'note=a=b'])).toEqual([]);
    expect(await find('tag.beta=true', { agent: 'a' })).toEqual([first]);
    expect(await find('team=billing', { sort: '-cost' })).toEqual([third, second]);
    expect(await find(["team=search' OR 1=1 --", 'team=%'])).toEqual([]);
    expect(await ask('/api/traces', { label: 'team' })).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining('must be KEY=VALUE') as string } },
    });
  });

  it('narrow spans, the histogram and the facets', async () => {
    const { spans } = await api.listSpans({ label: 'team=search' });
    expect(spans.map(({ traceId, spanId }) => [traceId, spanId])).toEqual([
      [first, spanIdOf(2)],
      [first, spanIdOf(1)],
    ]);
    const { buckets } = await api.countTraces({ label: 'team=billing' });
    expect(buckets.reduce((sum, { traceCount }) => sum + traceCount, 0)).toBe(2);
    expect((await api.listFacets({ label: 'team=billing' }))['agent']).toEqual({ a: 1, b: 1 });
  });

  it('stand on their span, and all together on their trace', async () => {
    expect((await api.getSpan(second, spanIdOf(2))).labels).toEqual({ team: 'billing', note: 'a=b' });
    const { labels: ofTrace } = await api.getTrace(first);
    expect(ofTrace).toEqual([
      { key: 'team', values: ['search'], valueCount: 1 },
      { key: 'order=id', values: ['x'], valueCount: 1 },
      { key: 'tag.beta', values: ['true'], valueCount: 1 },
    ]);
    expect((await api.getTrace(plain)).labels).toEqual([]);
  });

  it('narrow sessions, by what they are summed up under and by their spans', async () => {
    await api.settled.sessions(
      { sessionId: 'summed', at: 1, columns: { labels: labels({ team: 'search' }) } },
      { sessionId: 'spoken', at: 2 },
      { sessionId: 'other', at: 3, columns: { labels: labels({ team: 'sales' }) } },
    );
    await api.settled.sessionTraces({ sessionId: 'spoken', traceId: second, at: 2, columns: { span_count: 2n } });
    expect(await api.listIds({ label: 'team=search' })).toEqual(['summed']);
    expect(await api.listIds({ label: 'team=billing' })).toEqual(['spoken']);
    expect(await api.listIds({ label: ['team=billing', 'team=sales'] })).toEqual(['other', 'spoken']);
    expect(await api.listIds({ label: ['team=billing', 'note=none'] })).toEqual([]);
    const { sessions } = await api.listSessions({ session: 'summed' });
    expect(sessions[0]?.labels).toEqual({ team: 'search' });
  });

  it('are bounded, and say when there are more', async () => {
    const root = { spanId: spanIdOf(1), at: 4 * 3600 };
    const many = Array.from({ length: 103 }, (_, i) => ({
      ...{ ...root, traceId: traceIdOf(`2a${i.toString(16).padStart(2, '0')}`) },
      columns: { labels: labels({ [`key${String(i).padStart(3, '0')}`]: 'v', request: String(i).padStart(3, '0') }) },
    }));
    await api.write.spans(...many);
    const later = { from: '2026-11-20T15:00:00Z' };
    const keys = await listKeys(later);
    expect(keys.more).toBe(true);
    expect(keys.labels).toHaveLength(100);
    expect(keys.labels[0]).toEqual({ key: 'request', traceCount: 103, valueCount: 103 });
    const values = await listValues('request', later);
    expect([values.more, values.values.length, values.values[0]?.value]).toEqual([true, 100, '000']);
    expect((await api.getTrace(traceIdOf('2a00'))).labels).toHaveLength(2);
  });
});
