import { describe, expect, it } from 'vitest';
import type { Filters } from '../../../../server/domain/filters.ts';
import { parseTextQuery } from '../../../../server/domain/text-query.ts';
import { unixNano } from '../../../../server/domain/time.ts';
import { settledKeysSql } from '../../../../server/queries/trace-settled-keys.ts';
import { traceKeyParameters, traceKeysSql } from '../../../../server/queries/trace-keys.ts';

const hour = 3_600_000_000_000n;
const window = { from: unixNano(100n * hour), to: unixNano(124n * hour) };
const selection = (filters: Filters) => ({ projectId: 'p', window, filters });

describe('the query for trace keys', () => {
  it.each<[string, Filters]>([
    ['no filter', {}],
    ['values', { agent: ['a'], kind: ['llm'], status: 'error', minDurationMs: 5 }],
    [
      'labels',
      {
        agent: ['a'],
        labels: new Map([
          ['team', ['x', 'y']],
          ['tag.beta', ['true']],
        ]),
      },
    ],
    ['a user', { user: ['u'], session: ['s'] }],
    ['text', { text: parseTextQuery('refund "order 1042" now') }],
    ['a cost', { minCostUsd: '0.5' }],
  ])('with %s', (_name, filters) => {
    expect(traceKeysSql(selection(filters))).toMatchSnapshot();
  });

  it('holds no value, whatever it is asked for', () => {
    const evil = "'); DROP TABLE spans; --";
    const filters = { agent: [evil], user: [evil], text: parseTextQuery(`"${evil}" drop`), minCostUsd: '0' };
    const sql = traceKeysSql({ ...selection(filters), projectId: evil, traceIds: [evil] });
    expect(sql).not.toContain('DROP');
    expect(sql.toLowerCase()).not.toContain('drop');
  });

  it('reads an hour before the window and a day after it', () => {
    expect(traceKeyParameters(selection({}))).toMatchObject({
      projectId: 'p',
      fromNs: 100n * hour,
      toNs: 124n * hour,
      scanFromNs: 99n * hour,
      scanToNs: 148n * hour,
    });
  });

  it('binds every value that it names', () => {
    const all: Filters = {
      ...{ agent: ['a'], model: ['m'], user: ['u'], session: ['s'], tool: ['t'], provider: ['p'], service: ['v'] },
      ...{ environment: ['e'], kind: ['llm'], status: 'ok', minDurationMs: 1, minCostUsd: '1' },
      labels: new Map([['team', ['x']]]),
      text: parseTextQuery('word "a phrase" another-phrase'),
    };
    const sql = traceKeysSql({ ...selection(all), traceIds: [] });
    const named = [...sql.matchAll(/\{(\w+):[\w()]+\}/g)].map((match) => match[1]);
    const bound = traceKeyParameters({ ...selection(all), traceIds: [] });
    expect(named.filter((name) => name === undefined || !(name in bound))).toEqual([]);
  });
});

describe('the query for the keys of settled traces', () => {
  it.each<[string, Filters]>([
    ['no filter', {}],
    [
      'every filter',
      {
        ...{ agent: ['a'], user: ['u'], status: 'ok', minDurationMs: 1, minCostUsd: '1' },
        text: parseTextQuery('word'),
      },
    ],
  ])('with %s', (_name, filters) => {
    expect(settledKeysSql(selection(filters), { sort: '-cost', having: [] })).toMatchSnapshot();
  });

  it('binds every value that it names', () => {
    const evil = "'); DROP TABLE spans; --";
    const filters = { agent: [evil], minCostUsd: '0', minDurationMs: 1, text: parseTextQuery(`"${evil}" drop`) };
    const asked = { ...selection(filters), projectId: evil, traceIds: [evil] };
    const sql = settledKeysSql(asked, { sort: '-tokens', having: [] });
    expect(sql.toLowerCase()).not.toContain('drop');
    const named = [...sql.matchAll(/\{(\w+):[\w()]+\}/g)].map((match) => match[1]);
    const bound = traceKeyParameters(asked);
    expect(named.filter((name) => name === undefined || !(name in bound))).toEqual([]);
  });
});
