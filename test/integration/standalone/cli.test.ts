import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cleanEnvironment, repositoryDir } from '../../support/program.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const script = join(repositoryDir, 'server', 'standalone', 'sightglass.mjs');

function run(args: string[], options: { env?: Record<string, string>; nodeArgs?: string[]; cwd?: string } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...(options.nodeArgs ?? []), script, ...args], {
    encoding: 'utf8',
    env: { ...cleanEnvironment(), ...options.env },
    cwd: options.cwd,
  });
  return { status, stdout, stderr };
}

test.each([['--help'], ['-h'], ['help'], ['start', '--help']])('lists its verbs for %j', (...args) => {
  const { status, stdout } = run(args);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^ {2}start +start everything on this machine/m);
  expect(stdout).toMatch(/^ {2}migrate +bring the database up to date/m);
  expect(stdout).toMatch(/^ {2}doctor +prove that .*\n +\[--repair\]/m);
});

test('lists its verbs when it is given none', () => {
  const { status, stderr } = run([]);
  expect(status).toBe(2);
  expect(stderr).toContain('Usage: sightglass VERB');
});

test('knows its version', () => {
  expect(run(['--version'])).toEqual({
    status: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    stderr: '',
  });
});

test('refuses an unknown verb in one line', () => {
  expect(run(['strat'])).toEqual({
    status: 2,
    stdout: '',
    stderr: 'sightglass: unknown verb strat; allowed: start, migrate, doctor, resettle, keys, budgets, agents, demo\n',
  });
});

test('refuses an argument that the verb does not take', () => {
  const { status, stderr } = run(['start', '--port', '5000']);
  expect(status).toBe(2);
  expect(stderr).toBe(
    'sightglass: start takes no arguments, but got --port 5000; settings are environment variables (README, Configuration)\n',
  );
});

test('says in one line that Node is too old', () => {
  const old = `Object.defineProperty(process, 'versions', { value: { node: '20.20.0' } })`;
  const { status, stderr } = run(['start'], {
    nodeArgs: ['--import', `data:text/javascript,${encodeURIComponent(old)}`],
  });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^sightglass: Node 26 or newer is needed, this is v[\d.]+; .*\n$/);
});

test('says in one line that there is no embedded ClickHouse for this platform', () => {
  const dir = makeTempDir('platform');
  const other = `Object.defineProperty(process, 'arch', { value: 'riscv64' })`;
  const { status, stderr } = run(['migrate'], {
    nodeArgs: ['--import', `data:text/javascript,${encodeURIComponent(other)}`],
    env: { SIGHTGLASS_DATA_DIR: dir.path },
  });
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^sightglass: the embedded ClickHouse does not exist for linux-riscv64-glibc \(only for .*\): set CLICKHOUSE_URL .*\n$/,
  );
  dir.remove();
});

test('brings the embedded database up to date, and finds nothing to do the second time', () => {
  const dir = makeTempDir('migrate');
  const env = { SIGHTGLASS_DATA_DIR: 'data' }; // relative to where it is called
  const first = run(['migrate'], { env, cwd: dir.path });
  expect(first).toMatchObject({ status: 0, stderr: '' });
  expect(first.stdout).toContain('0001_spans.sql');
  const second = run(['migrate'], { env, cwd: dir.path });
  expect(second).toEqual({ status: 0, stdout: 'the database is up to date\n', stderr: '' });
  dir.remove();
});
