import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { costsReply } from '../../../server/contract/costs.ts';
import { findRunningClickHouse } from '../../../server/standalone/clickhouse.ts';
import { loadCaptures } from '../../support/captures.ts';
import { connectDatabase, type TestDatabase } from '../../support/database.ts';
import { postCapture } from '../../support/post-traces.ts';
import { cleanEnvironment, repositoryDir } from '../../support/program.ts';
import { startSystem } from '../../support/system.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const dir = makeTempDir('doctor');
afterAll(() => dir.remove());

const report = z.object({
  status: z.string(),
  checks: z.array(z.object({ check: z.string(), status: z.string(), summary: z.string() })),
});

function doctor(args: string[], env: Record<string, string> = { SIGHTGLASS_DATA_DIR: dir.path }) {
  const script = join(repositoryDir, 'server', 'standalone', 'sightglass.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, 'doctor', ...args], {
    encoding: 'utf8',
    env: { ...cleanEnvironment(), ...env },
    cwd: dir.path,
  });
  return { status, stdout, stderr };
}

function statusesOf(args: string[]): Record<string, string> {
  const { checks } = report.parse(JSON.parse(doctor(['--json', ...args]).stdout));
  return Object.fromEntries(checks.map(({ check, status }) => [check, status]));
}

async function change(database: TestDatabase, query: string): Promise<void> {
  const client = connectDatabase(database);
  await client.command({ query, clickhouse_settings: { mutations_sync: '2' } });
  await client.close();
}

/** Verified is what arrived 30 s ago. The API is asked first: an examination every second would be most of the test's work. */
async function untilVerified(url: string): Promise<void> {
  const sentMs = Date.now();
  let verifiedMs = 0;
  while (verifiedMs < sentMs) {
    await sleep(500);
    const { booked } = costsReply.parse(await (await fetch(`${url}/api/costs`)).json());
    verifiedMs = Number(BigInt(booked.verifiedTo ?? 0) / 1_000_000n);
  }
  for (;;) {
    const { stdout } = doctor(['--json']);
    if (/"check":"settlement","status":"ok","summary":"[^"]* 0 arrivals since are not due/.test(stdout)) return;
    await sleep(1_000);
  }
}

test.each([
  [['--fix'], /^sightglass: Unknown option '--fix'.*; allowed: \[--repair\] .*\n$/],
  [['--from', 'yesterday'], /^sightglass: --from yesterday is no time; allowed: RFC 3339, such as .*\n$/],
  [[], /^sightglass: there is no data in .*: set SIGHTGLASS_DATA_DIR or CLICKHOUSE_URL to where it is\n$/],
])('refuses %j in one line, and starts nothing', (args, line) => {
  const { status, stdout, stderr } = doctor(args, { SIGHTGLASS_DATA_DIR: join(dir.path, 'nothing') });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(line);
});

test('examines and repairs a system that runs, one that is stopped, and a ClickHouse by its address', async () => {
  const system = await startSystem({ dataDir: dir.path });
  try {
    for (const capture of loadCaptures('openinference-', 'traceloop-')) await postCapture(system.otlp, capture);
    await untilVerified(system.url);
    const healthy = doctor([]);
    expect(healthy).toMatchObject({ status: 0, stderr: '' });
    expect(healthy.stdout).toMatch(/^ok {3}ledger: \d+ decisions of \d+ traces are what the rules say$/m);
    expect(healthy.stdout).toMatch(/everything agrees\n$/);

    const database = findRunningClickHouse(dir.path);
    if (database === undefined) throw new Error('the files in the data folder do not say how to connect');
    await change(database, "ALTER TABLE ledger DELETE WHERE status = 'priced'");
    await change(database, 'ALTER TABLE sessions DELETE WHERE 1');
    const broken = doctor([]);
    expect(broken.status).toBe(1);
    expect(broken.stdout).toMatch(
      /^FAIL ledger: .*\n {7}project default, trace [0-9a-f]{32}, span [0-9a-f]{16}: stored no decision; should be priced/m,
    );
    expect(doctor(['--repair'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('what differed was repaired; now everything agrees') as string,
    });
    expect(doctor([])).toMatchObject({ status: 0 });

    const byAddress = { CLICKHOUSE_URL: database.url, SIGHTGLASS_CLICKHOUSE_SECRET: database.secret };
    expect(doctor(['--project', 'default'], byAddress)).toMatchObject({ status: 0 });
    expect(doctor(['--project', 'shop'], byAddress)).toEqual({
      ...{ status: 2, stdout: '', stderr: 'sightglass: --project shop: there is no such project\n' },
    });
    expect(
      doctor([], { ...byAddress, CLICKHOUSE_URL: database.url.replace('/sightglass', '/elsewhere') }),
    ).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^sightglass: .*elsewhere.*\n$/) as string,
    });
    await change(database, 'ALTER TABLE ledger CLEAR PROJECTION by_day_user_model');
  } finally {
    await system.stop();
  }
  expect(statusesOf([])).toMatchObject({ ledger: 'ok', 'roll-ups': 'failed' });
  expect(doctor(['--repair'])).toMatchObject({ status: 0 });
  expect(statusesOf([])).toMatchObject({ spans: 'ok', ledger: 'ok', summaries: 'ok', 'roll-ups': 'ok' });
}, 240_000);
