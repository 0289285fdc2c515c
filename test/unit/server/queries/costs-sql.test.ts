import { describe, expect, it } from 'vitest';
import type { CostGroupName, CostInterval } from '../../../../server/contract/costs.ts';
import type { CostFilters } from '../../../../server/domain/cost-filters.ts';
import { parseRfc3339, unixNano } from '../../../../server/domain/time.ts';
import { costPieces } from '../../../../server/queries/cost-pieces.ts';
import { costParameters, type CostRequest, costsSql, statusSql } from '../../../../server/queries/costs-sql.ts';

const evil = "'); DROP TABLE ledger; --";
const noFilters: CostFilters = { values: {}, labels: new Map(), unattributed: [] };
const at = (text: string) => parseRfc3339(text) ?? unixNano(0n);

interface Asked {
  from?: string;
  to?: string;
  groupBy?: readonly CostGroupName[];
  interval?: CostInterval;
  filters?: Partial<CostFilters>;
}

function requestOf({ from, to, groupBy = [], interval, filters }: Asked): CostRequest {
  const window = { from: at(from ?? '2026-08-22T00:00:00Z'), to: at(to ?? '2026-11-20T00:00:00Z') };
  return { projectId: 'p', window, groupBy, interval, filters: { ...noFilters, ...filters }, limit: 10 };
}

const everything: Asked = {
  groupBy: [`label:${evil}`, 'session', 'label:b'],
  interval: 'month',
  filters: {
    values: {
      ...{ agent: [evil], model: [evil], user: [evil], session: [evil], provider: [evil] },
      ...{ environment: [evil], service: [evil] },
    },
    labels: new Map([
      [evil, [evil]],
      ['k', ['v', 'w']],
    ]),
    unattributed: ['user', `label:${evil}`],
  },
};

describe('the query for costs', () => {
  it.each<[string, Asked]>([
    ['whole days by agent and model', { groupBy: ['agent', 'model'], interval: 'day' }],
    ['whole hours', { groupBy: ['model'], interval: 'hour' }],
    ['months by user', { groupBy: ['user'], interval: 'month', filters: { values: { model: ['m'] } } }],
    [
      'a window with ends',
      { from: '2026-11-17T22:30:00Z', to: '2026-11-20T01:00:00.5Z', groupBy: ['agent'], interval: 'day' },
    ],
    ['nothing but totals', {}],
    ['everything', everything],
  ])('of %s', (_name, asked) => {
    const request = requestOf(asked);
    const pieces = costPieces(request);
    const withStatus = pieces.every(({ source }) => source === 'rows');
    expect(costsSql(request, pieces, { withStatus })).toMatchSnapshot();
  });

  it('of statuses', () => {
    expect(statusSql(requestOf({ filters: { values: { agent: ['a'] } } }))).toMatchSnapshot();
  });

  it('holds no value, whatever it is asked for, and binds every value that it names', () => {
    const whole: Asked = { from: '2026-11-17T22:30:00Z', to: '2026-11-20T01:00:00.5Z', interval: 'day' };
    for (const asked of [everything, whole, { ...whole, groupBy: ['agent'] as const }]) {
      const request = { ...requestOf(asked), projectId: evil };
      const pieces = costPieces(request);
      const sql = costsSql(request, pieces, { withStatus: false }) + statusSql(request);
      expect(sql.toLowerCase()).not.toContain('drop');
      const named = [...sql.matchAll(/\{(\w+):[\w()]+\}/g)].map((match) => match[1]);
      const bound = costParameters(request, pieces);
      expect(named.filter((name) => name === undefined || !(name in bound))).toEqual([]);
    }
  });
});
