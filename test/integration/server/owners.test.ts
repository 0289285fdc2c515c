import { beforeAll, describe, expect, it } from 'vitest';
import type { CostGroupName } from '../../../server/contract/costs.ts';
import { errorReply } from '../../../server/contract/errors-reply.ts';
import { ownerPreviewReply, ownerReply, ownersReply } from '../../../server/contract/owners.ts';
import { findOwner } from '../../../server/domain/owners/find-owner.ts';
import type { OwnerMatcher } from '../../../server/domain/owners/owner-rule.ts';
import { parseRfc3339, unixNano } from '../../../server/domain/time.ts';
import { costPieces } from '../../../server/queries/cost-pieces.ts';
import { costParameters, costsSql } from '../../../server/queries/costs-sql.ts';
import { type TestDatabase, useDatabase } from '../../support/database.ts';
import { request } from './api.ts';
import { noonNs, spanIdOf, traceIdOf } from './fixtures.ts';
import { type BookingFixture, picodollars } from './ledger-fixtures.ts';
import { useMoneyApi } from './money-api.ts';

const hourNs = 3_600_000_000_000n;
const database = useDatabase();
const rule = {
  ...{ match: { agent: 'support-*' }, team: 'Care', costCentre: 'CC-100', validFrom: '2026-01-01' },
  ...{ validTo: null, priority: 100 },
};
const at = (text: string) => parseRfc3339(text) ?? unixNano(0n);

function useOwnersApi(connection: TestDatabase) {
  const api = useMoneyApi(connection);
  const write = async (method: string, path: string, body?: unknown) => {
    const reply = await api.app.request(`http://127.0.0.1/api${path}?project=${api.project}`, {
      method,
      headers: { host: '127.0.0.1', 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: reply.status, body: await reply.json() };
  };
  return {
    ...api,
    send: write,
    create: async (body: unknown) => ownerReply.parse((await write('POST', '/owners', body)).body).owner,
    list: async () => ownersReply.parse((await request(api.app, '/api/owners', { project: api.project })).body).owners,
    preview: async (parameters: Record<string, string>) => {
      const window = { from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z' };
      const asked = { project: api.project, ...window, ...parameters };
      return ownerPreviewReply.parse((await request(api.app, '/api/owners/preview', asked)).body);
    },
  };
}

describe('owner rules', () => {
  const api = useOwnersApi(database);

  it('are made, changed by their version, listed in order and removed', async () => {
    const late = await api.create(rule);
    const early = await api.create({ ...rule, priority: 5, costCentre: 'CC-5', validTo: '2026-12-31' });
    expect((await api.list()).map(({ ownerId }) => ownerId)).toEqual([early.ownerId, late.ownerId]);
    expect(late).toMatchObject({ ...rule, version: 1, author: 'api' });

    const changed = await api.send('PUT', `/owners/${late.ownerId}`, { ...rule, priority: 1, version: 1 });
    expect(ownerReply.parse(changed.body).owner).toMatchObject({ priority: 1, version: 2 });
    const stale = await api.send('PUT', `/owners/${late.ownerId}`, { ...rule, version: 1 });
    expect([stale.status, errorReply.parse(stale.body).error.code]).toEqual([409, 'changed_meanwhile']);
    expect((await api.list()).map(({ priority }) => priority)).toEqual([1, 5]);

    expect((await api.send('DELETE', `/owners/${late.ownerId}`)).status).toBe(200);
    const again = await api.send('DELETE', `/owners/${late.ownerId}`);
    expect([again.status, errorReply.parse(again.body).error.code]).toEqual([404, 'owner_not_found']);
    expect((await api.send('PUT', `/owners/${late.ownerId}`, rule)).status).toBe(404);
    expect(await api.list()).toHaveLength(1);
  });

  it.each<[object, string]>([
    [{ ...rule, match: {} }, '`match` must have at least one of agent, user and label'],
    [{ ...rule, match: { agent: '' } }, '`match.agent` must be 1 to 200 characters; * stands for any characters'],
    [
      { ...rule, costCentre: ' x' },
      '`costCentre` must be 1 to 100 characters, none of them a control character, and no space around them',
    ],
    [
      { ...rule, validFrom: '2026-02-30' },
      '`validFrom` must be a day from 2000-01-01 to 2148-12-31 such as 2026-11-01',
    ],
    [{ ...rule, validTo: '2025-12-31' }, '`validTo` must not be before validFrom'],
    [{ ...rule, priority: -1 }, '`priority` must be a whole number from 0 to 1000000'],
    [
      { ...rule, costCenter: 'x' },
      'unknown field `costCenter`; allowed: match, team, costCentre, validFrom, validTo, priority',
    ],
  ])('refuse %j', async (body, message) => {
    const reply = await api.send('POST', '/owners', body);
    expect([reply.status, errorReply.parse(reply.body).error]).toEqual([400, { code: 'invalid_request', message }]);
  });

  it('leave an audit entry for each change', async () => {
    const made = await api.create(rule);
    await api.send('DELETE', `/owners/${made.ownerId}`);
    const rows = await api.db.rows<{ action: string }>(
      `SELECT action FROM audit WHERE project_id = {projectId:String} AND target_id = {id:String} ORDER BY time, action LIMIT 10`,
      { projectId: api.project, id: made.ownerId },
    );
    expect(rows.map(({ action }) => action)).toEqual(['owner.created', 'owner.removed']);
  });
});

/** Calls of four agents, three users and two labels over some days, some without. */
const calls: (BookingFixture & { startNs: bigint; agent: string; user: string })[] = Array.from(
  { length: 240 },
  (_, i) => ({
    ...{ traceId: traceIdOf(i.toString(16).padStart(8, '0')), spanId: spanIdOf(i + 1) },
    ...{
      startNs: noonNs - BigInt(i % 12) * 7n * hourNs,
      agent: ['', 'support-de', 'support-en', 'search'][i % 4] ?? '',
    },
    ...{ user: ['', 'ann@a.example', 'ben@b.example'][i % 3] ?? '', model: `model-${i % 2}` },
    labels: i % 5 === 0 ? {} : { team: i % 2 === 0 ? 'red' : 'blue' },
    costUsd: i % 11 === 0 ? null : `0.${String(i + 1).padStart(6, '0')}`,
    inputTokens: i,
  }),
);
const window = { from: '2026-11-16T00:00:00Z', to: '2026-11-21T00:00:00Z' };

type Sum = [calls: number, unpriced: number, cost: bigint];
const sumOf = (all: readonly BookingFixture[]): Sum => [
  all.length,
  all.filter(({ costUsd }) => costUsd === null).length,
  all.reduce((sum, { costUsd }) => sum + (costUsd === null || costUsd === undefined ? 0n : picodollars(costUsd)), 0n),
];

describe.each<[string, Omit<OwnerMatcher, 'ownerId'>[], string[]]>([
  [
    'agents',
    [
      { ...rule, match: { agent: 'support-*' }, validTo: '2026-11-18' },
      { ...rule, match: { agent: 'support-en' }, costCentre: 'CC-200', team: 'Care EN', validFrom: '2026-11-19' },
    ],
    ['by_day_agent_model'],
  ],
  ['users', [{ ...rule, match: { user: '*@a.example' } }], ['by_day_user_model']],
  [
    'labels and agents',
    [
      { ...rule, match: { label: { key: 'team', pattern: 'r*' } }, costCentre: 'CC-300', priority: 1 },
      { ...rule, match: { agent: 'search', user: 'ben*' }, costCentre: 'CC-400', priority: 2 },
    ],
    ['ledger'],
  ],
  // Both rollups of days have all that is asked.
  ['nothing', [], [expect.stringMatching(/^by_day_/) as string]],
])('costs by owners of %s', (_name, rules, sources) => {
  const api = useOwnersApi(database);
  const inside = calls.filter(({ startNs }) => startNs >= at(window.from) && startNs < at(window.to));
  const ownerOf = (call: (typeof calls)[number]) =>
    findOwner(
      rules.map((one, i) => ({ ...one, ownerId: String(i) })),
      {
        ...{ agent: call.agent, user: call.user, labels: new Map(Object.entries(call.labels ?? {})) },
        day: new Date(Number(call.startNs / 1_000_000n)).toISOString().slice(0, 10),
      },
    );

  beforeAll(async () => {
    await api.ledger.bookAll(calls);
    // A decision that was taken back is in no sum.
    const wrong = { ...calls[1], traceId: traceIdOf('ffffffff'), spanId: spanIdOf(999) };
    await api.ledger.book(wrong);
    await api.ledger.reverse(wrong);
    for (const one of rules) await api.create(one);
  });

  it('are those of the calls that they own, and what nobody owns is shown', async () => {
    for (const interval of [undefined, 'day'] as const) {
      const { rows, totals } = await api.getCosts({ ...window, groupBy: 'costCentre,team', interval });
      const truth = Map.groupBy(inside, (call) => {
        const { costCentre, team } = ownerOf(call);
        const day = new Date(Number(call.startNs / 1_000_000n)).toISOString().slice(0, 10);
        return JSON.stringify([interval === undefined ? null : day, costCentre || null, team || null]);
      });
      const found = new Map(
        rows.map((row) => [
          JSON.stringify([row.time?.slice(0, 10) ?? null, row.costCentre, row.team]),
          [row.usage.modelCalls, row.cost.unpricedCalls, picodollars(row.cost.usd ?? '0')] satisfies Sum,
        ]),
      );
      expect(found).toEqual(new Map([...truth].map(([key, all]) => [key, sumOf(all)])));
      expect([totals.usage.modelCalls, totals.cost.unpricedCalls, picodollars(totals.cost.usd ?? '0')]).toEqual(
        sumOf(inside),
      );
    }
  });

  it('filter like any other dimension, in sums and in ledger rows', async () => {
    const centres = [...new Set(inside.map((call) => ownerOf(call).costCentre))];
    for (const centre of centres) {
      const own = inside.filter((call) => ownerOf(call).costCentre === centre);
      const filter = centre === '' ? { unattributed: 'costCentre' } : { costCentre: centre };
      for (const groupBy of ['agent', 'user', 'label:team', 'session']) {
        const { totals, rows } = await api.getCosts({ ...window, ...filter, groupBy });
        expect([totals.usage.modelCalls, totals.cost.unpricedCalls, picodollars(totals.cost.usd ?? '0')]).toEqual(
          sumOf(own),
        );
        expect(rows.reduce((sum, { usage }) => sum + usage.modelCalls, 0)).toBe(own.length);
        const byStatus = totals.callsByStatus;
        expect(byStatus.priced + byStatus.unpricedModel).toBe(own.length);
      }
      const { entries } = await api.listLedger({ ...window, ...filter, limit: 1_000 });
      expect(entries.map(({ spanId }) => spanId).toSorted()).toEqual(own.map(({ spanId }) => spanId).toSorted());
    }
  });

  it('come from rollups where these have what rules look at', async () => {
    const groupBy: CostGroupName[] = ['costCentre'];
    const asked = {
      ...{ projectId: api.project, groupBy, interval: undefined, limit: 10 },
      window: { from: at(window.from), to: at(window.to) },
      filters: { values: {}, labels: new Map<string, string[]>(), unattributed: [], owners: await api.list() },
    };
    const parts = costPieces(asked);
    const plan = await api.db.rows<{ explain: string }>(
      `EXPLAIN projections = 1 ${costsSql(asked, parts, { withStatus: false })}`,
      costParameters(asked, parts),
    );
    const read = plan.flatMap((line) => /ReadFromMergeTree \((.*)\)/.exec(line.explain)?.[1]?.split('.').at(-1) ?? []);
    expect(read).toEqual(sources);
  });
});

describe('the preview of a rule', () => {
  const api = useOwnersApi(database);
  beforeAll(async () => {
    await api.ledger.bookAll(calls);
    await api.create({ ...rule, match: { agent: 'support-de' }, priority: 10 });
  });

  it('tells what it matches, what it would own, and what of that nobody owns now', async () => {
    const matching = calls.filter(({ agent }) => agent.startsWith('support-'));
    const free = matching.filter(({ agent }) => agent !== 'support-de');
    const last = await api.preview({ agent: 'support-*', priority: '20' });
    expect(last.matched.usage.modelCalls).toBe(matching.length);
    expect(last.owned.usage.modelCalls).toBe(free.length);
    expect(last.newlyAllocated.cost).toEqual(last.owned.cost);
    expect(last.groups.map(({ agent, usage }) => [agent, usage.modelCalls]).toSorted()).toEqual([
      ['support-de', matching.length - free.length],
      ['support-en', free.length],
    ]);
    const first = await api.preview({ agent: 'support-*', priority: '1' });
    expect(first.owned.usage.modelCalls).toBe(matching.length);
    expect(first.newlyAllocated.usage.modelCalls).toBe(free.length);
  });

  it('of a change leaves out the rule that it replaces', async () => {
    const [existing] = await api.list();
    const changed = await api.preview({ agent: 'support-de', priority: '50', ownerId: existing?.ownerId ?? '' });
    expect(changed.owned).toEqual(changed.matched);
    expect(changed.newlyAllocated.usage.modelCalls).toBe(0);
  });

  it('looks at labels and days, and needs something to look at', async () => {
    const red = await api.preview({ label: 'team=r*', validFrom: '2026-11-20', validTo: '2026-11-20' });
    const truth = calls.filter(
      (call) =>
        call.labels?.['team'] === 'red' &&
        call.startNs >= at('2026-11-20T00:00:00Z') &&
        call.startNs < at('2026-11-21T00:00:00Z'),
    );
    expect(red.matched.usage.modelCalls).toBe(truth.length);
    expect(red.groups.map(({ label }) => label)).toEqual(['red']);
    const none = await request(api.app, '/api/owners/preview', { project: api.project });
    expect([none.status, errorReply.parse(none.body).error.message]).toEqual([
      ...[400, 'a preview needs at least one of `agent`, `user` and `label`'],
    ]);
  });
});
