import { expect, test } from 'vitest';
import { parseDoctorArguments } from '../../../../server/doctor/arguments.ts';

test('without arguments everything is looked at and nothing repaired', () => {
  expect(parseDoctorArguments([])).toEqual({
    ...{ repair: false, json: false, projectId: undefined, fromMs: undefined, toMs: undefined },
  });
});

test('takes a project and a window of arrival', () => {
  const window = ['--from', '2026-11-20T12:00:00Z', '--to=2026-11-20T14:00:00.5+01:00'];
  expect(parseDoctorArguments(['--repair', '--json', '--project', 'shop', ...window])).toEqual({
    repair: true,
    json: true,
    projectId: 'shop',
    fromMs: Date.UTC(2026, 10, 20, 12),
    toMs: Date.UTC(2026, 10, 20, 13, 0, 0, 500),
  });
});

test.each([
  [['--fix'], /^Unknown option '--fix'.*; allowed: \[--repair\]/],
  [['shop'], /^Unexpected argument 'shop'.*; allowed: \[--repair\]/],
  [['--project'], /^Option '--project <value>' argument missing; allowed: /],
  [['--project', ''], '--project is empty; allowed: the name of a project'],
  [['--repair=yes'], /^Option '--repair' does not take an argument; allowed: /],
  [['--from', 'yesterday'], '--from yesterday is no time; allowed: RFC 3339, such as 2026-11-20T12:00:00Z'],
  [['--to', '2026-11-20'], '--to 2026-11-20 is no time; allowed: RFC 3339, such as 2026-11-20T12:00:00Z'],
  [['--to', '2026-13-20T12:00:00Z'], /^--to 2026-13-20T12:00:00Z is no time/],
  [['--from', '2026-11-20T12:00:00Z', '--to', '2026-11-20T12:00:00Z'], /is not before/],
])('says in one line what is wrong with %j', (args, fault) => {
  const parsed = parseDoctorArguments(args);
  const line = 'fault' in parsed ? parsed.fault : '';
  expect(line).toMatch(fault);
  expect(line).not.toContain('\n');
});
