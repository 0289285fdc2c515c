import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cleanEnvironment, repositoryDir } from '../../support/program.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const script = join(repositoryDir, 'server', 'standalone', 'sightglass.mjs');
const agent = 'name: a\ninstructions: Help.\nmodel: [openai/gpt-5-mini]\n';
let dir: ReturnType<typeof makeTempDir>;

beforeEach(() => {
  dir = makeTempDir('agents');
});
afterEach(() => dir.remove());

function run(args: string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, 'agents', ...args], {
    encoding: 'utf8',
    env: { ...cleanEnvironment(), ...env },
    cwd: dir.path,
  });
  return { status, stdout, stderr };
}

function write(name: string, text: string): void {
  writeFileSync(join(dir.path, name), text);
}

test('validates a folder, a file, and the folder of SIGHTGLASS_AGENTS_DIR', () => {
  write('a.yaml', agent);
  const env = { OPENAI_API_KEY: 'not-shown' };
  const valid = { status: 0, stderr: '' };
  const printed = /^a@[0-9a-f]{12} {2}a\.yaml\n1 agent is valid\n$/;
  expect(run(['validate', '.'], env)).toEqual({ ...valid, stdout: expect.stringMatching(printed) as string });
  expect(run(['validate', 'a.yaml'], env)).toEqual({ ...valid, stdout: expect.stringMatching(printed) as string });
  expect(run(['validate'], { ...env, SIGHTGLASS_AGENTS_DIR: dir.path })).toEqual({
    ...valid,
    stdout: expect.stringMatching(printed) as string,
  });
});

test('validates and lists the samples when it is told no folder', () => {
  expect(run(['validate'])).toMatchObject({ status: 0, stdout: expect.stringContaining('agents are valid') as string });
  const { status, stdout } = run(['list']);
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /^AGENT +DEPLOYED +MODELS +TOOLS +FILE\n[^]*\nhello@[0-9a-f]{12} +- +simulated\/quick +- +.*hello\.yaml\n/,
  );
});

test('prints a line for each fault and exits with 1', () => {
  write('a.yaml', `${agent}capture: ful\n`);
  write('b.yaml', agent);
  expect(run(['validate', '.'])).toEqual({
    status: 1,
    stdout: '',
    stderr: [
      'a.yaml:3: model[0] needs OPENAI_API_KEY in the environment, which is not set',
      'a.yaml:4: capture is wrong (got "ful"), allowed: none, redacted, full, did you mean full?',
      'b.yaml:1: name a is the name of a.yaml:1 too',
      'b.yaml:3: model[0] needs OPENAI_API_KEY in the environment, which is not set',
      '',
    ].join('\n'),
  });
});

test('checks and lists where there are no secrets', () => {
  write('a.yaml', agent);
  expect(run(['validate', '--without-secrets', '.']).status).toBe(0);
  expect(run(['list', '.'])).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('openai/gpt-5-mini') as string,
  });
});

test('prints the JSON Schema', () => {
  const { status, stdout } = run(['schema']);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    required: ['name', 'instructions', 'model'],
    additionalProperties: false,
  });
});

const verbs =
  'validate [--without-secrets] [PATH…] | plan [--json] [PATH…] | deploy [--without-secrets] [PATH…] [NAME…] | rollback NAME [--to REVISION] | list [PATH…] | schema';

test.each([
  [[], `agents: which one? allowed: ${verbs}`],
  [['valid'], `unknown agents valid; allowed: ${verbs}`],
  [['depoly'], `unknown agents depoly; allowed: ${verbs}, did you mean deploy?`],
  [['list', '--json'], 'agents list: unknown option --json; allowed: list [PATH…]'],
  [['plan', '--json=1'], 'agents plan: unknown option --json=1; allowed: plan [--json] [PATH…]'],
  [['validate', 'nowhere'], 'nowhere: there is no such file or folder'],
  [['deploy', 'nowhere/'], 'nowhere/: there is no such file or folder'],
  [['schema', 'x'], 'agents schema takes no path, but got x'],
  [['rollback'], 'agents rollback takes one agent, but got none; allowed: rollback NAME [--to REVISION]'],
  [['rollback', 'a', 'b'], 'agents rollback takes one agent, but got a b; allowed: rollback NAME [--to REVISION]'],
  [['rollback', 'a', '--to'], 'agents rollback: --to needs a revision'],
])('says in one line that %j is called wrongly', (args, line) => {
  expect(run(args)).toEqual({ status: 2, stdout: '', stderr: `sightglass: ${line}\n` });
});

test('says in one line what is wrong with the environment', () => {
  write('a.yaml', agent);
  const { status, stdout, stderr } = run(['plan', '.'], { REDIS_URL: 'http://x' });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^sightglass: REDIS_URL=… is not allowed; allowed: .*\n$/);
});

test('asking makes no store', () => {
  write('a.yaml', agent);
  expect(run(['plan', '.'])).toMatchObject({ status: 0, stdout: expect.stringMatching(/^a: new, /) as string });
  expect(run(['list', '.']).status).toBe(0);
  expect(existsSync(join(dir.path, '.sightglass'))).toBe(false);
});
