import { conventions } from '../../../collector/map/conventions.ts';
import type { Dice } from './dice.ts';

/** Names that a careless program mistakes for something of its own. */
export const nastyNames = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', 'toJSON', 'length', 'then', ''],
  ...['a.b.c', '.', '..', '\0', '\u2028', '😀', 'ключ', '\ud800', "'; DROP TABLE spans; --", '{project:String}'],
  ...['llm.input_messages.999999999.message.role', 'gen_ai.prompt.0.content', 'gen_ai.completion.00.role'],
] as const;

/** Attributes that the conventions' tables name. */
export const knownNames: readonly string[] = [
  ...new Set(
    conventions.flatMap((convention) =>
      'table' in convention ? (convention.table as { rows: { from: string }[] }).rows.map(({ from }) => from) : [],
    ),
  ),
].filter((name) => /^[\w.]+$/.test(name));

/** JSON values that are not what a reader expects, as text. */
export const nastyJson = [
  ...['null', 'true', '0', '-0', '1e999', '-1e-999', '0.1e1', '9007199254740993', '12345678901234567890123'],
  ...['""', '"\\ud800"', '"\\u0000"', '[]', '{}', '[[]]', '[{}]', '[null]', '{"a":1,"a":2}'],
  ...['{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}'],
  ...['{"role":7,"content":{},"parts":"x"}', '[{"role":"user","parts":[{"type":"toString","content":[]}]}]'],
  ...['{"type":"tool_call","id":{},"name":[],"arguments":"{\\"a\\":"}', '{"toJSON":1,"toString":2,"valueOf":3}'],
] as const;

/** What looks like JSON and is none. */
export const brokenJson = [
  'NaN',
  '01',
  '"x',
  '"\\x"',
  '[',
  '{',
  '}',
  '{"a":',
  ',',
  '[1,]',
  "{'a':1}",
  '\ufeff{}',
] as const;

/** Text that is hard to keep. */
export function nastyText(dice: Dice): string {
  switch (dice.below(8)) {
    case 0:
      return dice.pick(nastyNames);
    case 1:
      return dice.chance(0.7) ? dice.pick(nastyJson) : dice.pick(brokenJson);
    case 2:
      return deepJson(dice);
    case 3:
      return 'x'.repeat(dice.pick([1, 1_023, 1_025, 4_097, 70_000]));
    case 4:
      return '😀'.repeat(dice.pick([1, 99, 100, 101, 512, 2_000]));
    case 5:
      return ' \n\t'.repeat(dice.pick([1, 2_000]));
    case 6:
      return String.fromCharCode(...Array.from({ length: 1 + dice.below(20) }, () => dice.below(0x10000)));
    default:
      return dice.pickAny(knownNames) ?? '';
  }
}

/** Nested as deep as limits stand, and far deeper. */
export function deepJson(dice: Dice): string {
  const depth = dice.chance(0.02) ? 10_000 : dice.pick([2, 31, 32, 33, 34, 127, 128, 129, 300]);
  const [open, close] = dice.pick<[string, string]>([
    ['[', ']'],
    ['{"a":', '}'],
    ['[{"parts":', '}]'],
    ['{"arrayValue":{"values":[', ']}}'],
    ['{"kvlistValue":{"values":[{"key":"k","value":', '}]}}'],
  ]);
  const levels = Math.ceil(depth / (open.match(/[[{]/g) ?? []).length);
  return `${open.repeat(levels)}${dice.pick(['1', '{}', '"x"', 'null'])}${close.repeat(dice.chance(0.1) ? levels - 1 : levels)}`;
}
