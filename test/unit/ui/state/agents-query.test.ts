import { describe, expect, test } from 'vitest';
import { agentListHref, readAgentsQuery, toTrafficParams } from '../../../../ui/state/agents-query.ts';

const read = (text: string) => readAgentsQuery(new URLSearchParams(text));

describe('the address of the agents', () => {
  test('is a project and a range; filters of other pages are none of theirs', () => {
    const { query, problems } = read('project=p&range=7d&agent=a&status=nonsense&chat=s1');
    expect(query).toMatchObject({ project: 'p', range: { kind: 'last', text: '7d' } });
    expect(problems).toEqual([]);
    expect(read('range=soon').problems).toHaveLength(1);
  });

  test('asks for the moments of its range', () => {
    const { query } = read('from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z');
    expect(toTrafficParams(query, 0)).toEqual({
      ...{ project: 'default', from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' },
    });
  });

  test('leads to what an agent did, in the same project and range', () => {
    const href = agentListHref('/traces', read('project=p&range=7d').query, { agent: 'a b', status: 'error' });
    expect(href).toBe('/traces?project=p&range=7d&agent=a+b&status=error');
    expect(agentListHref('/costs', read('').query, { agent: 'a' })).toBe('/costs?agent=a');
  });
});
