import { expect, it } from 'vitest';
import { parseKeysArguments } from '../../../../server/keys/arguments.ts';

it('reads what a key shall be', () => {
  const args = 'create --project shop --scope ingest,read --name CI --expires 90d --rate 500 --daily-spans 10000';
  expect(parseKeysArguments(args.split(' '))).toEqual({
    verb: 'create',
    json: false,
    request: {
      projectId: 'shop',
      name: 'CI',
      scopes: ['ingest', 'read'],
      expiresInDays: 90,
      limits: { spansPerSecond: 500, spansPerDay: 10_000 },
    },
  });
});

it('names a key by its scopes, lists and revokes', () => {
  expect(parseKeysArguments(['create', '--project', 'p', '--scope', 'run'])).toMatchObject({
    request: { name: 'run' },
  });
  expect(parseKeysArguments(['list', '--json'])).toEqual({ verb: 'list', projectId: undefined, json: true });
  expect(parseKeysArguments(['revoke', '0123456789ab'])).toMatchObject({ verb: 'revoke', keyId: '0123456789ab' });
});

it.each([
  ['', 'keys needs a verb; allowed: create, list, revoke'],
  ['delete', 'unknown verb keys delete; allowed: create, list, revoke'],
  ['create --scope run', '--project is missing; allowed: keys create --project P'],
  ['create --project p', '--scope is missing; allowed: one or more of ingest,read,run,admin'],
  ['create --project p --scope write', '--scope must be one of ingest, read, run, admin'],
  ['create --project p --scope run,run', '--scope must hold each scope once'],
  ['create --project p --scope run --expires soon', '--expires soon is no number of days; allowed: 1d to 3650d'],
  ['create --project p --scope run --expires 4000d', '--expires must be a whole number from 1 to 3650'],
  ['create --project p --scope run --rate 0', '--rate must be a whole number from 1 to 10000000'],
  ['create --project p --scope run --daily-spans x', '--daily-spans must be a whole number from 1 to'],
  ['create --project p --scope run --secret x', "Unknown option '--secret'"],
  ['create p --project p --scope run', 'Unexpected argument'],
  ['list --scope run', "Unknown option '--scope'"],
  ['revoke', 'keys revoke takes one key id; allowed: keys revoke KEYID'],
  ['revoke 0123456789ab 0123456789ab', 'keys revoke takes one key id'],
  ['revoke 0123', 'this is no key id; allowed: the 12 hex digits'],
])('refuses `keys %s` in one line', (args, line) => {
  const parsed = parseKeysArguments(args === '' ? [] : args.split(' '));
  expect(parsed).toHaveProperty('fault', expect.stringContaining(line) as string);
  expect(JSON.stringify(parsed)).not.toContain('\\n');
});
