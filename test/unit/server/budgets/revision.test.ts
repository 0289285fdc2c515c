import { expect, it } from 'vitest';
import { revisionOf } from '../../../../server/budgets/budgets.ts';

const [today, tomorrow] = [Date.parse('2026-11-30T23:59:59Z'), Date.parse('2026-12-01T00:00:00Z')];
const users = { budgetId: 'a', version: 1, scope: 'user' } as const;
const centres = { budgetId: 'b', version: 1, scope: 'costCentre' } as const;
const rule = { ownerId: 'r', version: 1 };

it('changes with every budget, and is empty without one', () => {
  expect(revisionOf([], [rule], today)).toBe('');
  const revisions = [[users], [{ ...users, version: 2 }], [users, { ...users, budgetId: 'c' }]].map((budgets) =>
    revisionOf(budgets, [rule], today),
  );
  expect(new Set(revisions).size).toBe(3);
  expect(revisionOf([users, centres], [], today)).toBe(revisionOf([centres, users], [], today));
});

it('changes with owner rules, and with the day on which they begin, only where a budget asks them', () => {
  const changed = { ...rule, version: 2 };
  expect(revisionOf([users], [rule], today)).toBe(revisionOf([users], [changed], tomorrow));
  const revisions = [
    revisionOf([centres], [rule], today),
    revisionOf([centres], [changed], today),
    revisionOf([centres], [rule], tomorrow),
  ];
  expect(new Set(revisions).size).toBe(3);
});
