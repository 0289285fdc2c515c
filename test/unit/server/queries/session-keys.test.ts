import { describe, expect, it } from 'vitest';
import { sessionSorts } from '../../../../server/contract/sessions.ts';
import type { Filters } from '../../../../server/domain/filters.ts';
import { parseTextQuery } from '../../../../server/domain/text-query.ts';
import { unixNano } from '../../../../server/domain/time.ts';
import { sessionParameters, type SessionSelection } from '../../../../server/queries/session-filter.ts';
import { sessionKeysSql } from '../../../../server/queries/session-list.ts';

const window = { from: unixNano(360_000_000_000_000n), to: unixNano(446_400_000_000_000n) };
const selection = (filters: Filters): SessionSelection => ({ projectId: 'p', window, filters, searchText: 'q' });
const all: Filters = {
  ...{ agent: ['a'], model: ['m'], user: ['u'], session: ['s'], tool: ['t'], provider: ['p'], service: ['v'] },
  ...{ environment: ['e'], kind: ['llm'], status: 'ok', minDurationMs: 1, minCostUsd: '1' },
  text: parseTextQuery('word "a phrase" another-phrase'),
};

describe('the query for session keys', () => {
  it.each<[string, SessionSelection, boolean]>([
    ['no filter', selection({}), true],
    ['every filter, on a later page', selection(all), false],
    ['an id', { ...selection({}), sessionIds: ['s'] }, true],
    ['a text without a word', selection({ text: parseTextQuery('!') }), true],
  ])('with %s', (_name, of, isFirst) => {
    expect(sessionKeysSql(of, { sort: '-cost', isFirst })).toMatchSnapshot();
  });

  it('holds no value, whatever it is asked for', () => {
    const evil = "'); DROP TABLE spans; --";
    const filters = { agent: [evil], user: [evil], text: parseTextQuery(`"${evil}" drop`), minCostUsd: evil };
    for (const sort of sessionSorts) {
      const of = { ...selection(filters), projectId: evil, searchText: evil };
      expect(sessionKeysSql(of, { sort, isFirst: false }).toLowerCase()).not.toContain('drop');
    }
  });

  it('binds every value that it names', () => {
    const sql = sessionKeysSql(selection(all), { sort: 'startTime', isFirst: false });
    const named = [...sql.matchAll(/\{(\w+):[\w()]+\}/g)].map((match) => match[1] ?? '');
    const bound = { ...sessionParameters(selection(all)), afterValue: 0, afterNs: 0, afterHash: '', limit: 1 };
    expect(named.filter((name) => !(name in bound))).toEqual([]);
  });
});
