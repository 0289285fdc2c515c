import { expect, it } from 'vitest';
import { parseResettleArguments } from '../../../../server/resettle/arguments.ts';

const usage = '--project P --from TIME --to TIME [--commit] [--json]';

it('takes a project and a window, in days or to the nanosecond, and writes nothing unless told to', () => {
  expect(parseResettleArguments(['--project', 'shop', '--from', '2026-11-20', '--to', '2026-11-21'])).toEqual({
    ...{ projectId: 'shop', commit: false, json: false },
    ...{ fromNs: 1_795_132_800_000_000_000n, toNs: 1_795_219_200_000_000_000n },
  });
  expect(
    parseResettleArguments([
      ...['--project', 'shop', '--from', '2026-11-20T00:00:00.000000001Z', '--to', '2026-11-20T01:00:00+01:00'],
      ...['--commit', '--json'],
    ]),
  ).toEqual({ fault: expect.stringContaining('is not before') as unknown });
});

it.each([
  [[], '--project is missing; allowed: the name of a project'],
  [
    ['--project', 'p', '--to', '2026-11-21'],
    '--from is missing; allowed: a day, such as 2026-11-20, or RFC 3339, such as 2026-11-20T12:00:00Z',
  ],
  [
    ['--project', 'p', '--from', 'yesterday'],
    '--from yesterday is no time; allowed: a day, such as 2026-11-20, or RFC 3339, such as 2026-11-20T12:00:00Z',
  ],
  [
    ['--project', 'p', '--from', '2026-11-20', '--to', '2026-11-21', '--commit', '--dry-run'],
    '--commit and --dry-run contradict each other; allowed: one of them',
  ],
  [['--all'], `Unknown option '--all'; allowed: ${usage}`],
])('refuses %j', (args, fault) => {
  expect(parseResettleArguments(args)).toEqual({ fault });
});
