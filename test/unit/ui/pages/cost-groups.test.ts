import { describe, expect, test } from 'vitest';
import { describeChange } from '../../../../ui/pages/costs/change.ts';
import { readFilterText } from '../../../../ui/pages/costs/filter-text.ts';
import { listGroupRows, nextOrder } from '../../../../ui/pages/costs/group-rows.ts';
import { readSessionCosts } from '../../../../ui/pages/costs/session-costs.ts';
import type { SessionCostsReply } from '../../../../ui/api/types.ts';
import { formatShare } from '../../../../ui/state/cost-measure.ts';
import { costRow, costsReply, costView } from '../cost-fixture.ts';

const rows = [
  costRow('3', { agent: 'a' }, { modelCalls: 1, cacheReadTokens: 50 }),
  costRow(null, { agent: 'b' }, { modelCalls: 5, inputTokens: 0 }),
  costRow('1', { agent: null }, { modelCalls: 2 }),
];
const sessionSums = (sessions: number, usd: string) => ({
  ...{ sessions, successful: sessions, failed: 0, cost: { usd, pricedCalls: 1, unpricedCalls: 0 } },
  usdPerSession: (Number(usd) / sessions).toFixed(12),
  usdPerSuccessfulSession: null,
});
const total = costRow('4', {}, { modelCalls: 8 });
const names = (
  column: 'name' | 'cost' | 'calls' | 'cached' | 'change',
  descending: boolean,
  view = costView({ groups: costsReply(rows, total) }),
) => listGroupRows(view, { column, descending }).map(({ name }) => name);

describe('the table of groups', () => {
  test('orders by any column, with what is not known last', () => {
    expect(names('cost', true)).toEqual(['a', 'no agent', 'b']);
    expect(names('cost', false)).toEqual(['no agent', 'a', 'b']);
    expect(names('calls', true)).toEqual(['b', 'no agent', 'a']);
    expect(names('cached', true)).toEqual(['a', 'no agent', 'b']);
    expect(names('name', false)).toEqual(['a', 'b', 'no agent']);
  });

  test('says what a session of each group costs, and orders by it', () => {
    const view = costView({ groups: costsReply(rows, total) });
    const read = (groups: SessionCostsReply['rows'], groupCount = groups.length) =>
      readSessionCosts({
        ...{ by: view.query.by, problem: null },
        view: { query: view.query, reply: { totals: sessionSums(9, '4'), rows: groups, groupCount } },
      });
    const counted = [
      { values: ['a'], ...sessionSums(3, '1') },
      { values: [null], ...sessionSums(2, '1') },
    ];
    const inOrder = (sessions: ReturnType<typeof read>) =>
      listGroupRows(view, { column: 'session', descending: true }, sessions);
    expect(inOrder(read(counted)).map(({ name, perSession }) => [name, perSession?.text])).toEqual([
      ['no agent', '$0.50'],
      ['a', '$0.333'],
      ['b', '–'],
    ]);
    expect(inOrder(read(counted)).map(({ perSession }) => perSession?.title)).toEqual([
      '$0.5: $1 in 2 sessions',
      '$0.333333333333: $1 in 3 sessions',
      'No call here names a session.',
    ]);
    expect(inOrder(read(counted, 5)).at(-1)?.perSession?.title).toContain('were not counted');
  });

  test('says while sessions are counted, and why they cannot be', () => {
    const view = costView({ groups: costsReply(rows, total), search: 'by=agent,model' });
    const { by } = view.query;
    const other = costView({}).query;
    const reply = { totals: sessionSums(1, '1'), rows: [{ values: ['a'], ...sessionSums(1, '1') }], groupCount: 1 };
    const ofOther = readSessionCosts({ by, view: { query: other, reply }, problem: null });
    expect(ofOther?.(['a', 'm'])).toEqual({ usd: null, text: '', title: 'Sessions are being counted' });
    const failed = readSessionCosts({ by, view: null, problem: 'it took too long' });
    expect(failed?.(['a', 'm'])).toMatchObject({ text: '–', title: 'Sessions could not be counted: it took too long' });
    expect(readSessionCosts({ by: ['session', 'model'], view: null, problem: null })).toBe(null);
  });

  test('a click turns the order of a column round', () => {
    expect(nextOrder('cost', { column: 'share', descending: true })).toEqual({ column: 'cost', descending: true });
    expect(nextOrder('cost', { column: 'cost', descending: true })).toEqual({ column: 'cost', descending: false });
    expect(nextOrder('name', { column: 'cost', descending: true })).toEqual({ column: 'name', descending: false });
  });

  test('compares each group with the period before', () => {
    const earlier = [costRow('2', { agent: 'a' }), costRow('2', { agent: 'b' })];
    const changes = (groupCount: number) =>
      listGroupRows(costView({ groups: costsReply(rows, total), before: costsReply(earlier, total, groupCount) }), {
        column: 'name',
        descending: false,
      }).map(({ name, change }) => [name, change?.text]);
    expect(changes(2)).toEqual([
      ['a', '+50.0 %'],
      ['b', '–'],
      ['no agent', 'new'],
    ]);
    expect(changes(300)).toContainEqual(['no agent', '–']);
  });
});

describe('a change', () => {
  const change = (now: bigint | null, before: bigint | null | undefined) =>
    describeChange({ metric: 'calls', now, before });

  test('is the difference to the period before, with both amounts in the title', () => {
    expect(change(120n, 100n)).toMatchObject({ text: '+20.0 %', direction: 'up', difference: 20n });
    expect(change(120n, 100n).title).toBe('+20 calls: from 100 calls to 120 calls.');
    expect(change(50n, 100n)).toMatchObject({ text: '−50.0 %', direction: 'down' });
    expect(change(100n, 100n)).toMatchObject({ text: '0 %', direction: 'same' });
    expect(change(1_000n, 100n).text).toBe('+900 %');
  });

  test('from nothing is new, and from the unknown unknown', () => {
    expect(change(5n, 0n).text).toBe('new');
    expect(change(null, 5n).direction).toBe('unknown');
    expect(change(5n, null).direction).toBe('unknown');
    expect(change(5n, undefined).title).toContain('was not read');
  });
});

test('a share is never rounded to nothing', () => {
  expect(formatShare(1n, 3n)).toBe('33.3 %');
  expect(formatShare(1n, 100_000n)).toBe('< 0.1 %');
  expect(formatShare(0n, 3n)).toBe('0.0 %');
  expect(formatShare(null, 3n)).toBe('–');
  expect(formatShare(0n, 0n)).toBe('–');
});

test.each([
  ['agent:support', { name: 'agent', value: 'support' }],
  ['Label: team=search ', { name: 'label', value: 'team=search' }],
  ['user:"a b"', { name: 'user', value: 'a b' }],
  ['no:user', { name: 'unattributed', value: 'user' }],
  ['no:label:team', { name: 'unattributed', value: 'label:team' }],
])('%s is a filter', (text, filter) => {
  expect(readFilterText(text)).toEqual(filter);
});

test.each([
  ['support', '“support” is not a filter. Filters are agent, model'],
  ['agnt:a', 'There is no filter “agnt”'],
  ['label:team', 'Write label:KEY=VALUE'],
  ['no:colour', '“no:colour” is not known'],
])('%s is refused in words', (text, problem) => {
  expect(readFilterText(text)).toMatchObject({ problem: expect.stringContaining(problem) as string });
});
