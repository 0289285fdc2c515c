import { describe, expect, it } from 'vitest';
import { budgetLinks, eventLink, linksOfSlice } from '../../../../../server/domain/alerts/links.ts';
import { ruleOf } from '../../../../support/alert-rules.ts';

const window = { fromMs: Date.parse('2026-11-20T11:00:00Z'), toMs: Date.parse('2026-11-20T12:00:00Z') };
const times = 'from=2026-11-20T11%3A00%3A00.000Z&to=2026-11-20T12%3A00%3A00.000Z';

function pathsOf(fields: Parameters<typeof ruleOf>[0], group: string | null, projectId = 'default'): string[] {
  return linksOfSlice({ projectId, rule: ruleOf(fields), group, window }).map(({ path }) => path);
}

describe('the links of an alert', () => {
  it('open the costs and the traces of exactly its project, time, filters and group', () => {
    expect(pathsOf({ groupBy: 'agent', filters: { model: 'large & fast' } }, 'süpport', 'shop')).toEqual([
      `/costs?project=shop&${times}&by=model&model=large+%26+fast&agent=s%C3%BCpport`,
      `/traces?project=shop&${times}&model=large+%26+fast&agent=s%C3%BCpport`,
    ]);
    expect(pathsOf({ groupBy: 'label:tier' }, 'gold')).toEqual([
      `/costs?${times}&by=agent&label=tier%3Dgold`,
      `/traces?${times}&label=tier%3Dgold`,
    ]);
  });

  it('of what nobody owns show what has no owner', () => {
    expect(pathsOf({ groupBy: 'costCentre' }, '')[0]).toBe(`/costs?${times}&by=agent&unattributed=costCentre`);
  });

  it('of failures show what failed, and of a session the session', () => {
    expect(pathsOf({ metric: 'error_rate', groupBy: 'session' }, 's/1')).toEqual([
      `/traces?${times}&session=s%2F1&status=error`,
      '/sessions/s%2F1',
    ]);
  });

  it('of a budget open it, and where it is raised', () => {
    expect(budgetLinks('shop', 'b1', 'ann').map(({ path }) => path)).toEqual([
      '/budgets/b1?project=shop&value=ann',
      '/budgets/b1?project=shop&form=raise',
    ]);
    expect(eventLink('default', 'e1').path).toBe('/alerts/history?event=e1');
  });
});
