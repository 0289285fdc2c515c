import { expect, test } from 'vitest';
import { countOf, Findings, formatDuration, formatResult } from '../../../../server/doctor/report.ts';

const place = { projectId: 'shop', traceId: 'a1', spanId: '02' };

test('a result is one line, with a line for each case and a count of those that are not named', () => {
  const findings = new Findings();
  for (let count = 0; count < 25; count += 1) findings.add({ ...place, stored: `cost ${count}`, expected: 'cost 7' });
  const lines = formatResult(findings.result('ledger', { ok: 'all is well', failed: '25 decisions differ' }));
  expect(lines[0]).toBe('FAIL ledger: 25 decisions differ');
  expect(lines[1]).toBe('       project shop, trace a1, span 02: stored cost 0; should be cost 7');
  expect(lines).toHaveLength(22);
  expect(lines.at(-1)).toBe('       and 5 more');
});

test('without findings a result is ok', () => {
  expect(formatResult(new Findings().result('ledger', { ok: 'all is well', failed: '' }))).toEqual([
    'ok   ledger: all is well',
  ]);
});

test('counts and durations are in words', () => {
  expect([countOf(1, 'trace'), countOf(12345, 'trace'), countOf(2, 'summary', 'summaries')]).toEqual([
    ...['1 trace', '12,345 traces', '2 summaries'],
  ]);
  expect([999, 1_000, 61_000, 7_200_000, 90_000_000].map(formatDuration)).toEqual([
    ...['0 seconds', '1 second', '1 minute', '2 hours', '1 day'],
  ]);
});
