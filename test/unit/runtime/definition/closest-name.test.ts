import { expect, it } from 'vitest';
import { closestName } from '../../../../runtime/definition/closest-name.ts';

it.each([
  ['modle', 'model'],
  ['Tools', 'tools'],
  ['limts', 'limits'],
  ['currency', undefined],
])('%s was meant to be %s', (mistyped, meant) => {
  expect(closestName(mistyped, ['model', 'tools', 'limits'])).toBe(meant);
});
