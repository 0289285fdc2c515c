import { describe, expect, it } from 'vitest';
import type { CostGroupName } from '../../../../server/contract/costs.ts';
import type { CostFilters } from '../../../../server/domain/cost-filters.ts';
import type { OwnerMatcher } from '../../../../server/domain/owners/owner-rule.ts';
import { parseRfc3339, unixNano } from '../../../../server/domain/time.ts';
import { cacheSavingsSql } from '../../../../server/queries/cache-savings.ts';
import { moversSql } from '../../../../server/queries/cost-movers.ts';
import { costPieces } from '../../../../server/queries/cost-pieces.ts';
import { costsSql } from '../../../../server/queries/costs-sql.ts';
import { ownerColumns } from '../../../../server/queries/owner-sql.ts';
import { sessionCostsSql } from '../../../../server/queries/session-costs.ts';

const evil = "'); DROP TABLE ledger; --";
const at = (text: string) => parseRfc3339(text) ?? unixNano(0n);
const window = { from: at('2026-11-13T00:00:00Z'), to: at('2026-11-20T00:00:00Z') };
const before = { from: at('2026-11-06T00:00:00Z'), to: window.from };
const owners: OwnerMatcher[] = [
  {
    ...{
      ownerId: 'a',
      match: { agent: `${evil}*`, label: { key: evil, pattern: evil } },
      team: evil,
      costCentre: evil,
    },
    ...{ validFrom: '2026-01-01', validTo: null, priority: 1 },
  },
];
const plain: CostFilters = { values: {}, labels: new Map(), unattributed: [] };
const hostile: CostFilters = {
  ...{ values: { agent: [evil], costCentre: [evil] }, labels: new Map([[evil, [evil]]]), owners },
  unattributed: ['team', `label:${evil}`],
};
const asked = (filters: CostFilters, groupBy: readonly CostGroupName[]) => ({
  ...{ projectId: 'p', window, before, filters, groupBy, interval: undefined, dimensions: groupBy, limit: 5 },
});

describe('the SQL of', () => {
  it.each<[string, string]>([
    ['what changed by agent, from a rollup', moversSql(asked(plain, ['agent']), 'agent').sql ?? ''],
    ['what changed by cost centre, with everything', moversSql(asked(hostile, ['costCentre']), 'costCentre').sql ?? ''],
    ['what a session costs', sessionCostsSql(asked(plain, []))],
    ['what a session costs by label, with everything', sessionCostsSql(asked(hostile, [`label:${evil}`]))],
    ['what caching saved', cacheSavingsSql(hostile)],
    [
      'costs by cost centre and model of nobody',
      costsSql(
        asked({ ...plain, owners, unattributed: ['team'] }, ['costCentre', 'model']),
        costPieces(asked({ ...plain, owners }, ['costCentre', 'model'])),
        {
          withStatus: false,
        },
      ),
    ],
    ['who owns a row', ownerColumns(owners).costCentre],
    ['who owns a row, without rules', ownerColumns([]).team],
  ])('%s holds no value', (_name, sql) => {
    expect(sql).not.toContain('DROP');
    expect(sql).toMatchSnapshot();
  });
});
