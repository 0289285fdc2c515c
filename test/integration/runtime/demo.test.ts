import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runUsers } from '../../../runtime/demo/run-users.ts';
import { sendPast } from '../../../runtime/demo/send-past.ts';
import { makeWorld } from '../../../runtime/demo/world.ts';
import { cleanEnvironment, repositoryDir } from '../../support/program.ts';
import { startSystem, type System } from '../../support/system.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.remove());

async function read<Body>(path: string): Promise<Body> {
  return (await (await fetch(`${system.url}/api${path}`)).json()) as Body;
}

function runDemo(args: readonly string[], environment: Record<string, string>) {
  const script = join(repositoryDir, 'server', 'standalone', 'sightglass.mjs');
  const child = spawn(process.execPath, [script, 'demo', ...args], {
    env: { ...cleanEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

test('days of the past are sent once, and have prices', async () => {
  const options = { otlpUrl: system.otlp, uiUrl: system.url, signal: new AbortController().signal };
  const todayMs = Date.now();
  const sent = await sendPast({ todayMs, days: 3, ...options });
  expect(sent).toBeGreaterThan(10);
  // One more day: the others are there already.
  const days: string[] = [];
  await sendPast({ todayMs, days: 4, ...options, onDay: (date) => days.push(date) });
  expect(days).toEqual([new Date(todayMs - 4 * 86_400_000).toISOString().slice(0, 10)]);

  const from = new Date(todayMs - 5 * 86_400_000).toISOString();
  const window = `from=${from}&to=${new Date(todayMs).toISOString()}`;
  interface Costs {
    rows: { model: string; cost: { usd: string | null; unpricedCalls: number } }[];
  }
  const poll = () => read<Costs>(`/costs?${window}&groupBy=model`);
  await expect.poll(async () => (await poll()).rows.length).toBeGreaterThan(3);
  const { rows } = await poll();
  expect(rows.map(({ model }) => model)).toContain('claude-sonnet-4-5-20250929');
  expect(rows.filter(({ cost }) => cost.unpricedCalls > 0)).toEqual([]);
});

test('users talk to the sample agents, and their conversations can be read', async () => {
  const { tally, done } = runUsers({
    runtimeUrl: system.runtime,
    world: makeWorld(Date.now()),
    ...{ users: 17, turns: 40, minutes: 0, rate: 6_000, seed: 1 },
    signal: new AbortController().signal,
  });
  await done;
  expect(tally.turns).toBe(40);
  expect(tally.toolCalls).toBeGreaterThan(10);
  expect(tally.usd).toBeGreaterThan(0);
  expect([...tally.faults.keys()].filter((fault) => !/^(limited|interrupted|failed): /.test(fault))).toEqual([]);

  interface Sessions {
    sessions: { agents: string[] }[];
  }
  const findAgents = async () => {
    const window = `from=${new Date(Date.now() - 3_600_000).toISOString()}&to=${new Date().toISOString()}`;
    const { sessions } = await read<Sessions>(`/sessions?${window}&limit=100`);
    return [...new Set(sessions.flatMap(({ agents }) => agents))].sort();
  };
  await expect
    .poll(findAgents)
    .toEqual(expect.arrayContaining(['account-manager', 'hello', 'research', 'stumbler', 'support']));
});

test('the command runs against what runs, prints where to look, and says what to do where nothing runs', async () => {
  const port = (url: string) => new URL(url).port;
  const environment = {
    SIGHTGLASS_PORT: port(system.url),
    SIGHTGLASS_RUNTIME_PORT: port(system.runtime),
    SIGHTGLASS_OTLP_HTTP_PORT: port(system.otlp),
  };
  const args = ['--users', '2', '--turns', '3', '--history-days', '0'];
  const { code, stdout } = await runDemo(args, environment);
  expect([code, stdout]).toEqual([0, expect.stringContaining(`costs               ${system.url}/costs`) as string]);
  expect(stdout).toMatch(/ {2}3 turns {2}\d+ tool calls {2}\d+ errors/);

  const nothing = await runDemo(args, { ...environment, SIGHTGLASS_RUNTIME_PORT: '1' });
  expect(nothing).toEqual({
    code: 1,
    stdout: '',
    stderr: [
      'sightglass demo: the runtime does not answer on http://127.0.0.1:1 (SIGHTGLASS_RUNTIME_PORT)',
      'sightglass demo: run "npm start" in another terminal first, with the same ports',
      '',
    ].join('\n'),
  });
});
