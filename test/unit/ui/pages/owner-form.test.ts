import { describe, expect, test } from 'vitest';
import { emptyForm, formOf, listMatches, readOwnerForm } from '../../../../ui/pages/costs/owners/owner-form.ts';

const filled = {
  ...emptyForm(Date.parse('2026-11-18T00:00:00Z')),
  ...{ agent: ' support-* ', costCentre: 'CC-1', team: 'Care' },
};

describe('the form of an owner rule', () => {
  test('is a rule from the beginning of the year', () => {
    expect(readOwnerForm(filled)).toEqual({
      problems: null,
      input: {
        ...{ match: { agent: 'support-*' }, costCentre: 'CC-1', team: 'Care' },
        ...{ validFrom: '2026-01-01', validTo: null, priority: 100 },
      },
    });
  });

  test('comes back from a rule as it was', () => {
    const { input } = readOwnerForm({ ...filled, labelKey: 'team', labelPattern: '*', validTo: '2026-12-31' });
    if (input === null) throw new Error('no rule');
    const rule = { ...input, ownerId: 'a', version: 1, author: 'api', updatedUnixNano: '1' };
    expect(readOwnerForm(formOf(rule)).input).toEqual(input);
    expect(listMatches(rule)).toEqual(['agent support-*', 'team = *']);
  });

  test.each([
    [{ agent: '' }, 'agent'],
    [{ labelKey: 'team' }, 'labelPattern'],
    [{ labelPattern: 'x' }, 'labelKey'],
    [{ costCentre: ' ' }, 'costCentre'],
    [{ team: 'x'.repeat(101) }, 'team'],
    [{ validFrom: '' }, 'validFrom'],
    [{ validTo: '2025-12-31' }, 'validTo'],
    [{ priority: '1.5' }, 'priority'],
    [{ priority: '1000001' }, 'priority'],
  ])('with %j has a problem in %s', (changes, field) => {
    expect(Object.keys(readOwnerForm({ ...filled, ...changes }).problems ?? {})).toEqual([field]);
  });
});
