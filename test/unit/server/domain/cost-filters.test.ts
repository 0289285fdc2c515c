import { describe, expect, it } from 'vitest';
import { costQuery } from '../../../../server/contract/costs.ts';
import { filteredDimensions, toCostFilters } from '../../../../server/domain/cost-filters.ts';

const parse = (query: Record<string, string | string[]>) => toCostFilters(costQuery.parse(query));

describe('filters of costs', () => {
  it('collect values by dimension and by label', () => {
    const filters = parse({ agent: ['a', 'b'], label: ['team=x', 'team=y', 'cost-center=a=b'], unattributed: 'user' });
    expect(filters).toEqual({
      values: { agent: ['a', 'b'] },
      labels: new Map([
        ['team', ['x', 'y']],
        ['cost-center', ['a=b']],
      ]),
      unattributed: ['user'],
    });
    expect(filteredDimensions(filters)).toEqual(['agent', 'label:team', 'label:cost-center', 'user']);
  });

  it.each([
    [{ label: 'team' }, 'must be KEY=VALUE'],
    [{ label: 'team=' }, 'must be KEY=VALUE'],
    [{ label: '=x' }, 'must be KEY=VALUE'],
    [{ label: `${'k'.repeat(129)}=x` }, 'must be KEY=VALUE'],
    [{ unattributed: 'tool' }, 'must be one of agent, model'],
    [{ groupBy: 'agent,tool' }, 'must be names from agent, model'],
    [{ groupBy: 'label:' }, 'must be names from agent, model'],
    [{ groupBy: 'agent,model,user,session' }, 'must be at most 3 names'],
    [{ groupBy: 'agent,agent' }, 'must name each dimension once'],
    [{ interval: 'week' }, 'must be one of hour, day, month'],
    [{ limit: '10001' }, 'must be a whole number from 1 to 10000'],
  ])('refuse %j', (query, message) => {
    expect(() => costQuery.parse(query)).toThrow(message);
  });
});
