import { describe, expect, test } from 'vitest';
import type { ProjectKey } from '../../../../server/contract/keys.ts';
import {
  countByProject,
  describeDay,
  listLosses,
  nameProject,
  sortKeys,
  stateOf,
} from '../../../../ui/pages/settings/key-words.ts';

const nowMs = Date.UTC(2026, 10, 23, 12);
const day = 86_400_000;
const ns = (ms: number) => `${ms}000000`;

function keyOf(fields: Partial<ProjectKey> = {}): ProjectKey {
  return {
    ...{ keyId: '0123456789ab', name: 'Checkout', projectId: 'shop', scopes: ['ingest'] },
    ...{ createdUnixNano: ns(nowMs - day), createdBy: 'command', expiresUnixNano: null, revokedUnixNano: null },
    ...{ lastUsedUnixNano: null, limits: { spansPerSecond: null, spansPerDay: null }, spansToday: 0 },
    ...fields,
  };
}

describe('the state of a key', () => {
  test.each([
    ['active', {}],
    ['active', { expiresUnixNano: ns(nowMs + 8 * day) }],
    ['expiring', { expiresUnixNano: ns(nowMs + 6 * day) }],
    ['expired', { expiresUnixNano: ns(nowMs) }],
    ['revoked', { revokedUnixNano: ns(nowMs - day), expiresUnixNano: ns(nowMs - day) }],
  ])('is %s with %j', (state, fields) => expect(stateOf(keyOf(fields), nowMs)).toBe(state));
});

test('revoked keys stand apart, and other projects are left out', () => {
  const keys = [
    keyOf({ keyId: 'aaaaaaaaaaaa' }),
    keyOf({ keyId: 'bbbbbbbbbbbb', projectId: 'other' }),
    keyOf({ keyId: 'cccccccccccc', revokedUnixNano: ns(nowMs) }),
    keyOf({ keyId: 'dddddddddddd', expiresUnixNano: ns(nowMs - 1) }),
  ];
  const ids = (project: string | null) => {
    const { current, past } = sortKeys(keys, { project, nowMs });
    return [current.map(({ keyId }) => keyId[0]).join(''), past.map(({ keyId }) => keyId[0]).join('')];
  };
  expect(ids(null)).toEqual(['abd', 'c']);
  expect(ids('shop')).toEqual(['ad', 'c']);
  expect(ids('other')).toEqual(['b', '']);
});

test('projects are counted, that of every project first', () => {
  const keys = [keyOf(), keyOf({ projectId: '*' }), keyOf()];
  expect(countByProject(keys)).toEqual([
    { projectId: '*', count: 1 },
    { projectId: 'shop', count: 2 },
  ]);
  expect([nameProject('*'), nameProject('shop')]).toEqual(['every project', 'shop']);
});

describe('the day of a key', () => {
  const used = (spansToday: number, spansPerDay: number | null) =>
    describeDay(keyOf({ spansToday, limits: { spansPerSecond: null, spansPerDay } }));
  test('is not told without a limit', () => expect(used(7, null)).toBeNull());
  test.each([
    [0, 'plain', 0],
    [799, 'plain', 0.799],
    [800, 'warning', 0.8],
    [1_000, 'danger', 1],
    [1_400, 'danger', 1],
  ])('with %i of 1000 spans is %s', (spans, tone, share) => expect(used(spans, 1_000)).toMatchObject({ tone, share }));
  test('is exact where one points at it', () =>
    expect(used(12_431, 1_000_000)?.title).toBe('12,431 spans of 1,000,000 stored since midnight UTC'));
});

test('a revocation says what stops', () => {
  const used = { lastUsedUnixNano: ns(nowMs) };
  expect(listLosses(keyOf(used), false)).toEqual(['Exporters that send with it get 401; their spans are not stored.']);
  expect(listLosses(keyOf({ scopes: ['run', 'read'], ...used }), true)).toHaveLength(3);
  expect(listLosses(keyOf(), false).at(-1)).toBe('It was never used.');
});
