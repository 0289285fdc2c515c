import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { doorLimits } from '../../../collector/doors.ts';
import { embeddedJsonLimits } from '../../../collector/lossless-json.ts';
import { listLimitBytes, nameLimitBytes, payloadLimitBytes } from '../../../collector/map/cut.ts';
import { acceptedDaysMax, clockSkewMs } from '../../../collector/map/fault.ts';
import { bodyLimits } from '../../../collector/receive/body.ts';
import { attributeDepthMax, requestLimits } from '../../../collector/receive/otlp.ts';
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

test('the README has the limits of what is sent', () => {
  const mib = (bytes: number) => `${bytes / 2 ** 20} MiB`;
  const count = (number: number) => number.toLocaleString('en');
  const seconds = (ms: number) => `${ms / 1_000} s`;
  const expected = [
    `${mib(bodyLimits.compressedBytes)} / ${mib(bodyLimits.decompressedBytes)}`,
    [requestLimits.items, requestLimits.values, requestLimits.jsonTokens].map(count).join(' / '),
    mib(requestLimits.sharedBytes),
    mib(bodyLimits.receivingBytes),
    `${bodyLimits.unpacking} / ${bodyLimits.waitingToUnpack}`,
    `${seconds(doorLimits.headMs)} / ${seconds(bodyLimits.receiveMs)}`,
    count(doorLimits.connections),
    `retention, at most ${count(acceptedDaysMax)} days`,
    `${attributeDepthMax} levels`,
    mib(payloadLimitBytes),
    `${count(nameLimitBytes)} bytes`,
    `${mib(listLimitBytes)} each`,
    `${embeddedJsonLimits.depth} levels, ${count(embeddedJsonLimits.tokens)} brackets and commas`,
  ];
  const [, text = ''] = readme.split('<!-- limits');
  const [table = ''] = /(^\|.*\n)+/m.exec(text) ?? [];
  expect([...table.matchAll(/^\| .*? +\| (.*?) +\| .*\|$/gm)].map(([, limit]) => limit).slice(1)).toEqual(expected);
  expect(table).toContain(`more than ${clockSkewMs / 3_600_000} hours in the future`);
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
