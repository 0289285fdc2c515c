import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { agentSchema } from '../../../runtime/definition/schema.ts';
import { doorErrors } from '../../../runtime/door/door-error.ts';
import { apiErrors } from '../../../server/contract/errors.ts';
import { pricesFile, pricesFileSchema } from '../../../server/contract/prices-file.ts';

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

test('the README lists every error code of the API with its status and meaning', () => {
  const expected = Object.entries(apiErrors).map(([code, { status, meaning }]) => ({ code, status, meaning }));
  expect(readErrorTable('<!-- error codes')).toEqual(expected);
});

test('the README lists every error code of the agents’ door with its status and meaning', () => {
  const expected = Object.entries(doorErrors).map(([code, [status, , meaning]]) => ({ code, status, meaning }));
  expect(readErrorTable('<!-- door errors')).toEqual(expected);
});

test('the README’s price file is one, and every field of an entry is explained', () => {
  const [, example = ''] = /```json\n(\{\n {2}"prices".*?)```/s.exec(readme) ?? [];
  expect(pricesFile.parse(JSON.parse(example)).prices).toHaveLength(6);
  const schema = pricesFileSchema() as { properties: { prices: { items: { properties: Record<string, unknown> } } } };
  const fields = Object.keys(schema.properties.prices.items.properties);
  expect(fields.filter((field) => !readme.includes(`\`${field}\``))).toEqual([]);
});

test('the README’s agent is one', () => {
  const [, example = ''] = /```yaml\n(name: hello\n.*?)```/s.exec(readme) ?? [];
  expect(agentSchema.parse(parse(example)).model).toHaveLength(2);
});

/** The table behind a comment. */
function readErrorTable(comment: string): { code: string; status: number; meaning: string }[] {
  const [, text = ''] = readme.split(comment);
  const [table = ''] = /(^\|.*\n)+/m.exec(text) ?? [];
  return [...table.matchAll(/^\| `(\w+)` +\| (\d{3}) +\| (.*?) +\|$/gm)].map(([, code = '', status, meaning = '']) => ({
    code,
    status: Number(status),
    meaning,
  }));
}
