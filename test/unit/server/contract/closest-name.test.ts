import { expect, it } from 'vitest';
import { closestName } from '../../../../server/contract/closest-name.ts';

const known = ['provider', 'model', 'effective_from', 'effective_to', 'batch', 'note'];

it.each([
  ['modle', 'model'],
  ['Model', 'model'],
  ['efective_form', 'effective_from'],
  ['bacth', 'batch'],
  ['notes', 'note'],
  ['currency', undefined],
  ['x', undefined],
])('%s was meant to be %s', (mistyped, meant) => {
  expect(closestName(mistyped, known)).toBe(meant);
});
