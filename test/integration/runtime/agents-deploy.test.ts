import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { startBudgetServer } from '../../support/budget-server.ts';
import { cleanEnvironment, repositoryDir } from '../../support/program.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { startRuntime } from '../../support/runtime.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const script = join(repositoryDir, 'server', 'standalone', 'sightglass.mjs');
const revision = '[0-9a-f]{12}';
let dir: ReturnType<typeof makeTempDir>;

beforeEach(() => {
  dir = makeTempDir('deploy');
  mkdirSync(join(dir.path, 'agents'));
});
afterEach(() => dir.remove());

async function run(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [script, 'agents', ...args], {
    env: { ...cleanEnvironment(), SIGHTGLASS_DATA_DIR: join(dir.path, 'data'), ...env },
    cwd: dir.path,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status: child.exitCode, stdout, stderr };
}

function write(name: string, changed: object = {}): void {
  const definition = { name, instructions: 'Help.\nBe brief.', model: ['simulated/quick'], ...changed };
  writeFileSync(join(dir.path, 'agents', `${name}.yaml`), JSON.stringify(definition));
}

function matching(pattern: string): string {
  return expect.stringMatching(new RegExp(pattern)) as string;
}

const planned = z.object({
  agents: z.array(z.looseObject({ name: z.string(), change: z.string(), revision: z.string().nullable() })),
});

describe.each(['SQLite', 'Redis'])('on %s', (kind) => {
  let redis: TestRedis | undefined;
  beforeAll(async () => {
    if (kind === 'Redis') redis = await startRedis();
  });
  afterAll(() => redis?.stop());

  /** Every test has agents of its own: they may share a Redis. */
  let letter = 'a';
  beforeEach(() => {
    letter = String.fromCharCode(letter.charCodeAt(0) + 1);
  });
  const name = (agent: string) => `${letter}-${agent}`;
  const agents = (...args: string[]) => run(args, redis === undefined ? {} : { REDIS_URL: redis.url });
  const revisionOf = async (agent: string) => {
    const { stdout } = await agents('plan', '--json', 'agents');
    return planned.parse(JSON.parse(stdout)).agents.find((one) => one.name === name(agent))?.revision ?? '';
  };

  test('plans, deploys, plans again', async () => {
    write(name('desk'));
    expect(await agents('plan', 'agents')).toMatchObject({ status: 0, stdout: matching(`${name('desk')}: new, `) });
    const first = await revisionOf('desk');
    expect(await agents('deploy', 'agents')).toEqual({
      status: 0,
      stdout: `${name('desk')}: new → ${first}\n`,
      stderr: expect.any(String) as string,
    });
    expect((await agents('plan', 'agents')).stdout).toContain(`${name('desk')}: unchanged, ${first}\n`);
    expect((await agents('deploy', 'agents')).stdout).toBe('1 unchanged\n');

    const tool = { type: 'http', name: 'get', description: 'x', url: 'https://x.example/', allowPrivateAddress: true };
    write(name('desk'), { instructions: 'Help.\nBe kind.', tools: [tool] });
    const second = await revisionOf('desk');
    const { stdout } = await agents('plan', join('agents', `${name('desk')}.yaml`));
    expect(stdout).toBe(
      [
        `${name('desk')}: ${first} → ${second} (agents/${name('desk')}.yaml)`,
        '  ! get is new and may call private addresses',
        '  tools gained: get',
        '  instructions:',
        '    @@ line 1 → 1 @@',
        '     Help.',
        '    -Be brief.',
        '    +Be kind.',
        '1 changed',
        '',
      ].join('\n'),
    );
    expect((await agents('list', 'agents')).stdout).toMatch(new RegExp(`${second} +${first} +simulated/quick +get `));
    expect((await agents('deploy', 'agents')).stdout).toBe(`${name('desk')}: ${first} → ${second}\n`);
    expect((await agents('list', 'agents')).stdout).toMatch(new RegExp(`${second} +the same +simulated/quick +get `));
  });

  test('rolls back to what was there before, and before that, and to what is named', async () => {
    const revisions: string[] = [];
    for (const instructions of ['One.', 'Two.', 'Three.']) {
      write(name('desk'), { instructions });
      revisions.push(await revisionOf('desk'));
      await agents('deploy', 'agents');
    }
    const [one = '', two = '', three = ''] = revisions;
    expect((await agents('rollback', name('desk'))).stdout).toBe(`${name('desk')}: ${three} → ${two}\n`);
    expect((await agents('rollback', name('desk'))).stdout).toBe(`${name('desk')}: ${two} → ${one}\n`);
    expect(await agents('rollback', name('desk'))).toMatchObject({
      status: 1,
      stdout: '',
      stderr: matching(`sightglass: nothing was deployed before ${one}; name one with --to: `),
    });
    expect((await agents('rollback', name('desk'), '--to', three)).stdout).toBe(`${name('desk')}: ${one} → ${three}\n`);
    expect((await agents('rollback', name('desk'), `--to=${two.split('@')[1] ?? ''}`)).status).toBe(0);
    expect(await agents('rollback', name('desk'), '--to', 'abc')).toMatchObject({
      status: 1,
      stderr: matching(`${name('desk')} has no revision abc, allowed: ${name('desk')}@`),
    });
    expect((await agents('rollback', name('desk'), '--to', two)).stderr).toContain(`${two} is deployed already`);
    expect(await agents('rollback', name('deks'))).toMatchObject({
      status: 1,
      stderr: matching(`no agent ${name('deks')} is deployed; .*did you mean ${name('desk')}\\?`),
    });
  });

  test('deploys what is named, and callers only with those they call', async () => {
    write(name('refunds'));
    write(name('support'), {
      tools: [{ type: 'agent', name: 'ask', description: 'x', agent: name('refunds') }],
    });
    expect(await agents('deploy', 'agents', name('support'))).toMatchObject({
      status: 1,
      stdout: '',
      stderr: matching(
        `${name('support')} calls ${name('refunds')}, which is not deployed: deploy it first or with it`,
      ),
    });
    expect((await agents('deploy', 'agents')).stdout).toMatch(
      new RegExp(`^${name('refunds')}: new → .*\\n${name('support')}: new → .*\\n$`),
    );
    write(name('refunds'), { instructions: 'Other.' });
    write(name('support'), { instructions: 'Other.' });
    // The file of the caller names the agent that it calls, but only that one is deployed.
    expect((await agents('deploy', 'agents', name('refunds'))).stdout).toMatch(
      new RegExp(`^${name('refunds')}: .*@${revision} → .*@${revision}\\n$`),
    );
    expect(await agents('deploy', 'agents', name('suport'))).toMatchObject({
      status: 2,
      stderr: matching(`there is no agent ${name('suport')} in these files, .*did you mean ${name('support')}\\?`),
    });
    rmSync(join(dir.path, 'agents', `${name('support')}.yaml`));
    expect((await agents('plan', 'agents')).stdout).toMatch(
      new RegExp(`${name('support')}: deployed as .*, but no file declares it; it stays deployed\\n`),
    );
  });

  test('deploys nothing when one of the files has a fault', async () => {
    write(name('good'));
    write(name('worse'), { capture: 'ful' });
    const { status, stdout, stderr } = await agents('deploy', 'agents');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('capture is wrong (got "ful")');
    rmSync(join(dir.path, 'agents', `${name('worse')}.yaml`));
    expect((await agents('plan', 'agents')).stdout).toContain(`${name('good')}: new`);
    write(name('key'), { model: ['openai/gpt-5-mini'] });
    expect(await run(['deploy', 'agents'], { OPENAI_API_KEY: '' })).toMatchObject({
      status: 1,
      stderr: matching('needs OPENAI_API_KEY in the environment'),
    });
  });

  test('a revision runs without its file, and a runtime takes the new one up by itself', async () => {
    const environment: Record<string, string> = redis === undefined ? {} : { REDIS_URL: redis.url };
    write(name('desk'), { instructions: { file: 'desk.md' } });
    writeFileSync(join(dir.path, 'agents', 'desk.md'), 'From a file.');
    await agents('deploy', 'agents');
    rmSync(join(dir.path, 'agents', 'desk.md'));
    rmSync(join(dir.path, 'agents', `${name('desk')}.yaml`));
    const runtime = await startRuntime({
      agents: { [name('other')]: { instructions: 'x', model: ['simulated/quick'] } },
      dataDir: join(dir.path, 'data'),
      environment,
    });
    try {
      const read = async () => {
        const response = await fetch(`${runtime.url}/agents/${name('desk')}`);
        return (await response.json()) as { agent: { revision: string; definition: { instructions: string } } };
      };
      const { agent } = await read();
      expect(agent.definition.instructions).toBe('From a file.');
      const ask = () =>
        runtime.client.chat.completions.create({
          model: `agent/${name('desk')}`,
          messages: [{ role: 'user', content: 'Hello' }],
        });
      expect((await ask()).choices[0]?.finish_reason).toBe('stop');

      write(name('desk'), { instructions: 'Said anew.' });
      await agents('deploy', 'agents');
      const after = (await read()).agent;
      expect(after).toMatchObject({ definition: { instructions: 'Said anew.' } });
      expect(await ask()).toMatchObject({ sightglass: { revision: after.revision } });
      await agents('rollback', name('desk'));
      expect(await ask()).toMatchObject({ sightglass: { revision: agent.revision } });
    } finally {
      await runtime.remove();
    }
  });
});

test('says in one line that the store cannot be reached', async () => {
  write('desk');
  for (const args of [
    ['plan', 'agents'],
    ['deploy', 'agents'],
    ['rollback', 'desk'],
  ]) {
    const { status, stdout, stderr } = await run(args, { REDIS_URL: 'redis://user:geheim@127.0.0.1:1' });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^sightglass: REDIS_URL redis:\/\/user:\*\*\*@127\.0\.0\.1:1: [^\n]*\n$/);
  }
  writeFileSync(join(dir.path, 'data'), 'a file');
  expect(await run(['deploy', 'agents'])).toMatchObject({
    status: 1,
    stderr: matching('^sightglass: no sessions can be kept in .*runtime.sqlite: [^\\n]*\\n$'),
  });
});

test('warns of channels that budgets name and the project does not have, and deploys all the same', async () => {
  const server = await startBudgetServer();
  server.channels.push('oncall', 'finance');
  const budgets = [
    { scope: 'agent', usd: 5, period: 'day', notify: ['finance'] },
    { scope: 'user', usd: 5, period: 'day', notify: ['on-call', 'oncall'] },
  ];
  write('desk', { budgets });
  const env = { SIGHTGLASS_SERVER_URL: server.url };
  const warning =
    'sightglass: agents/desk.yaml: budgets[1].notify names on-call, and project default has no such channel, it has: oncall, finance, did you mean oncall?\n';
  expect(await run(['plan', 'agents'], env)).toMatchObject({ status: 0, stderr: warning });
  const deployed = await run(['deploy', 'agents'], env);
  expect(deployed).toMatchObject({ status: 0, stdout: matching('^desk: new → ') });
  expect(deployed.stderr).toContain(warning);
  await server.close();
  expect((await run(['plan', 'agents'], env)).stderr).toBe(
    'sightglass: whether the channels that budgets name are there is not known: no server answers; SIGHTGLASS_SERVER_URL says where it is\n',
  );
});
