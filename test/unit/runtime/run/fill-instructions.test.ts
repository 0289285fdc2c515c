import { describe, expect, test } from 'vitest';
import { fillInstructions, readVariables } from '../../../../runtime/run/fill-instructions.ts';

type Declared = Parameters<typeof readVariables>[0];

const variable = (type: 'string' | 'number' | 'boolean', more: object = {}) => ({ type, required: false, ...more });
const declared: Declared = {
  who: variable('string', { default: 'all' }),
  age: variable('number'),
  vip: variable('boolean', { default: false }),
  must: variable('string', { required: true }),
};
const fill = (instructions: string, values: Record<string, string | number | boolean> = {}, variables = declared) =>
  fillInstructions({ instructions, variables }, values);

describe('instructions', () => {
  test.each([
    ['For {{who}}.', {}, 'For all.'],
    ['For {{ who }}{{who}}.', { who: 'Ada' }, 'For AdaAda.'],
    ['{{age}} {{vip}}', { age: 0, vip: false }, '0 false'],
    ['{{age}}|{{unknown}}|{{vip}}', {}, '||false'],
    ['{{who}} {{must}}', { who: '{{must}} $& $1', must: 'x' }, '{{must}} $& $1 x'],
    ['{ {who} } {{}} {{1}} {{a-b}}', {}, '{ {who} } {{}} {{1}} {{a-b}}'],
  ])('%j with %j', (text, values, filled) => {
    expect(fill(text, values)).toBe(filled);
  });

  test('variables that are called like what every object has', () => {
    const odd: Declared = { constructor: variable('string'), toString: variable('string', { default: 'x' }) };
    expect(fill('[{{constructor}}] [{{toString}}] [{{valueOf}}]', {}, odd)).toBe('[] [x] []');
    expect(readVariables(odd, {})).toEqual({ values: {}, faults: [] });
  });
});

describe('variables of a turn', () => {
  test('are read by their type; others are not looked at', () => {
    const given = { who: ' Ada ', age: '-1.5', vip: 'true', must: '', team: 'blue' };
    expect(readVariables(declared, given)).toEqual({
      values: { who: ' Ada ', age: -1.5, vip: true, must: '' },
      faults: [],
    });
  });

  test.each([
    [{ must: 'x', age: 'old' }, 'metadata.age is wrong (got "old"), allowed: a number'],
    [{ must: 'x', age: '' }, 'metadata.age is wrong (got ""), allowed: a number'],
    [{ must: 'x', age: '1e5' }, 'metadata.age is wrong (got "1e5"), allowed: a number'],
    [{ must: 'x', age: 'Infinity' }, 'metadata.age is wrong (got "Infinity"), allowed: a number'],
    [{ must: 'x', vip: 'yes' }, 'metadata.vip is wrong (got "yes"), allowed: a boolean'],
    [{}, 'metadata.must is missing: the agent needs this variable (string)'],
  ])('%j is refused', (given, fault) => {
    expect(readVariables(declared, given as Record<string, string>).faults).toEqual([fault]);
  });

  test('a number that is too large for a number', () => {
    expect(readVariables(declared, { must: 'x', age: '9'.repeat(400) }).faults).toHaveLength(1);
  });
});
