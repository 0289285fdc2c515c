import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { findOwner } from '../../../server/domain/owners/find-owner.ts';
import type { OwnerMatcher } from '../../../server/domain/owners/owner-rule.ts';
import { ownerColumns } from '../../../server/queries/owner-sql.ts';
import { useDatabase } from '../../support/database.ts';
import { noonNs, spanIdOf, traceIdOf } from './fixtures.ts';
import type { BookingFixture } from './ledger-fixtures.ts';
import { useMoneyApi } from './money-api.ts';

const bookingCount = 300;
const ruleSets = 60;
const dayNs = 86_400_000_000_000n;

/** What patterns are likely to stumble over. */
const pieces = fc.constantFrom(
  'a',
  'b',
  'support',
  '-',
  '_',
  '%',
  '\\',
  "'",
  '"',
  '{',
  '}',
  '\n',
  ' ',
  'ä',
  '🎉',
  '.',
  '?',
  '0',
);
const value = fc.array(pieces, { maxLength: 4 }).map((all) => all.join(''));
const pattern = fc.array(fc.oneof(fc.constant('*'), pieces), { minLength: 1, maxLength: 4 }).map((all) => all.join(''));

const booking = fc.record({
  agent: value,
  user: value,
  team: value,
  feature: value,
  day: fc.integer({ min: -3, max: 3 }),
});
const day = fc
  .integer({ min: -4, max: 4 })
  .map((offset) => new Date(Number((noonNs + BigInt(offset) * dayNs) / 1_000_000n)));
const match = fc
  .record(
    {
      agent: pattern,
      user: pattern,
      label: fc.record({ key: fc.constantFrom('team', 'feature', "o'dd {key}"), pattern }),
    },
    { requiredKeys: [] },
  )
  .filter((one) => Object.keys(one).length > 0);
const rules = fc
  .array(
    fc.record({
      match,
      priority: fc.integer({ min: 0, max: 3 }),
      validFrom: day,
      validTo: fc.option(day),
    }),
    { maxLength: 8 },
  )
  .map((all) =>
    all.map(({ validFrom, validTo, ...one }, i): OwnerMatcher => ({
      ...{ ...one, ownerId: `rule-${i}`, costCentre: `C'${i}`, team: `T\\${i}` },
      validFrom: validFrom.toISOString().slice(0, 10),
      validTo: validTo === null ? null : validTo.toISOString().slice(0, 10),
    })),
  );

describe('owner rules in SQL', () => {
  const api = useMoneyApi(useDatabase());
  const booked = fc.sample(booking, { numRuns: bookingCount, seed: 21 }).map((one, i) => ({
    ...one,
    fixture: {
      ...{ traceId: traceIdOf(i.toString(16).padStart(8, '0')), spanId: spanIdOf(i + 1) },
      ...{ startNs: noonNs + BigInt(one.day) * dayNs, agent: one.agent, user: one.user, costUsd: '0.001' },
      labels: {
        ...(one.team === '' ? {} : { team: one.team }),
        ...(one.feature === '' ? {} : { feature: one.feature }),
      },
    } satisfies BookingFixture,
  }));

  beforeAll(() => api.ledger.bookAll(booked.map(({ fixture }) => fixture)));

  it('say what the pure function says, for any rules and any values', async () => {
    for (const set of fc.sample(rules, { numRuns: ruleSets, seed: 22 })) {
      const { costCentre, team, params } = ownerColumns(set);
      const found = await api.db.rows<{ spanId: string; centre: string; team: string }>(
        `SELECT lower(hex(span_id)) AS spanId, ${costCentre} AS centre, ${team} AS team FROM ledger
         WHERE project_id = {projectId:String} LIMIT ${bookingCount}`,
        { projectId: api.project, ...params },
      );
      const owners = new Map(found.map(({ spanId, ...owner }) => [spanId, owner]));
      expect(owners.size).toBe(bookingCount);
      for (const { fixture } of booked) {
        const labels = new Map(Object.entries(fixture.labels));
        const start = new Date(Number(fixture.startNs / 1_000_000n)).toISOString().slice(0, 10);
        const owner = findOwner(set, { agent: fixture.agent, user: fixture.user, labels, day: start });
        expect(owners.get(fixture.spanId), JSON.stringify({ set, fixture: { ...fixture, startNs: start } })).toEqual({
          ...{ centre: owner.costCentre, team: owner.team },
        });
      }
    }
  });
});
