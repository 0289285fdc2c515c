import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { apiErrors } from '../../../server/contract/errors.ts';

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

test('the README lists every error code with its status and meaning', () => {
  const rows = [...readme.matchAll(/^\| `(\w+)` +\| (\d{3}) +\| (.*?) +\|$/gm)].map(([, code, status, meaning]) => ({
    code,
    status: Number(status),
    meaning,
  }));
  expect(rows).toEqual(Object.entries(apiErrors).map(([code, error]) => ({ code, ...error })));
});
