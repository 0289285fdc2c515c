import { expect, it } from 'vitest';
import { DemoConfigError, loadDemoConfig } from '../../../../runtime/demo/config.ts';
import { demoUsage, readOptions } from '../../../../runtime/demo/options.ts';

const usual = { users: 20, turns: 200, minutes: 0, rate: 600, seed: 1, historyDays: 30 };
const allowed = 'allowed: --users N, --turns N, --minutes N, --rate N, --seed N, --history-days N';

it('reads options, and a time alone as no limit of turns', () => {
  expect(readOptions([])).toEqual(usual);
  expect(readOptions(['--users', '5', '--history-days=0'])).toEqual({
    ...usual,
    users: 5,
    historyDays: 0,
  });
  expect(readOptions(['--minutes', '0.5'])).toEqual({ ...usual, minutes: 0.5, turns: 0 });
  expect(readOptions(['--minutes', '2', '--turns', '10'])).toEqual({ ...usual, minutes: 2, turns: 10 });
});

it.each([
  [['--users', '0'], '--users is wrong (got "0"), allowed: a number from 1 to 500'],
  [['--users', 'many'], '--users is wrong (got "many"), allowed: a number from 1 to 500'],
  [['--turns', '1.5'], '--turns is wrong (got "1.5"), allowed: a number from 0 to 1000000'],
  [['--user', '3'], `Unknown option '--user'; ${allowed}`],
  [['3'], `Unexpected argument '3'; ${allowed}`],
])('refuses %j with one line', (args, fault) => {
  expect(readOptions(args)).toEqual({ fault });
});

it('explains every option', () => {
  for (const [name] of allowed.matchAll(/--[a-z-]+/g)) expect(demoUsage).toContain(`  ${name} `);
});

it('finds the product where the environment says', () => {
  expect(loadDemoConfig({ SIGHTGLASS_RUNTIME_PORT: '14100', SIGHTGLASS_PORT: '' })).toEqual({
    runtimeUrl: 'http://127.0.0.1:14100',
    uiUrl: 'http://127.0.0.1:4000',
    otlpUrl: 'http://127.0.0.1:4318',
  });
  expect(() => loadDemoConfig({ SIGHTGLASS_PORT: 'x' })).toThrow(
    new DemoConfigError('SIGHTGLASS_PORT is wrong (got "x"), allowed: the port of the UI that runs'),
  );
});
