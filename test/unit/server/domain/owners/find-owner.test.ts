import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findOwner, matchesPattern } from '../../../../../server/domain/owners/find-owner.ts';
import type { OwnedCall, OwnerMatcher } from '../../../../../server/domain/owners/owner-rule.ts';

const rule = (changes: Partial<OwnerMatcher>): OwnerMatcher => ({
  ...{ ownerId: 'a', match: { agent: 'support-*' }, team: 'care', costCentre: 'CC-1', priority: 100 },
  ...{ validFrom: '2026-01-01', validTo: null },
  ...changes,
});
const call = (changes: Partial<OwnedCall> = {}): OwnedCall => ({
  ...{ agent: 'support-de', user: 'ann', labels: new Map([['team', 'search']]), day: '2026-11-20' },
  ...changes,
});

describe('a pattern', () => {
  it.each([
    ['support', 'support', true],
    ['support', 'support-de', false],
    ['support-*', 'support-de', true],
    ['support-*', 'support-', true],
    ['*-de', 'support-de', true],
    ['s*t', 'st', true],
    ['s*t', 's', false],
    ['ab*ba', 'aba', false],
    ['*a*b*', 'xxaxxbxx', true],
    ['*a*b*', 'xxbxxaxx', false],
    ['*', 'anything', true],
    ['*', '', false],
    ['', '', false],
    ['a.c', 'abc', false],
    ['a_c', 'abc', false],
    ['a%', 'abc', false],
    ['Support', 'support', false],
    ['100%*', '100% true', true],
  ])('%j against %j: %j', (pattern, text, expected) => {
    expect(matchesPattern(pattern, text)).toBe(expected);
  });

  it('says what the same regular expression says', () => {
    const letters = (alphabet: readonly string[]) =>
      fc.array(fc.constantFrom(...alphabet), { maxLength: 9 }).map((all) => all.join(''));
    fc.assert(
      fc.property(letters(['a', 'b', '*']), letters(['a', 'b']), (pattern, text) => {
        const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 's');
        expect(matchesPattern(pattern, text)).toBe(text !== '' && expression.test(text));
      }),
      { numRuns: 2_000, seed: 5 },
    );
  });
});

describe('the owner of a call', () => {
  it('is that of the first rule by priority, then by id', () => {
    const rules = [
      rule({ ownerId: 'c', costCentre: 'late', priority: 200 }),
      rule({ ownerId: 'b', costCentre: 'second', priority: 5 }),
      rule({ ownerId: 'a', costCentre: 'first', priority: 5 }),
    ];
    expect(findOwner(rules, call())).toEqual({ costCentre: 'first', team: 'care' });
  });

  it('is nobody where no rule matches, and without rules', () => {
    expect(findOwner([rule({})], call({ agent: 'billing' }))).toEqual({ costCentre: '', team: '' });
    expect(findOwner([], call())).toEqual({ costCentre: '', team: '' });
  });

  it('needs everything that a rule names', () => {
    const both = rule({ match: { agent: 'support-*', user: 'b*', label: { key: 'team', pattern: 'search' } } });
    expect(findOwner([both], call()).costCentre).toBe('');
    expect(findOwner([both], call({ user: 'ben' })).costCentre).toBe('CC-1');
    expect(findOwner([both], call({ user: 'ben', labels: new Map() })).costCentre).toBe('');
  });

  it.each([
    ['2026-10-31', ''],
    ['2026-11-01', 'CC-1'],
    ['2026-11-30', 'CC-1'],
    ['2026-12-01', ''],
  ])('on %s is %j by a rule of November', (day, costCentre) => {
    const november = rule({ validFrom: '2026-11-01', validTo: '2026-11-30' });
    expect(findOwner([november], call({ day })).costCentre).toBe(costCentre);
  });
});
