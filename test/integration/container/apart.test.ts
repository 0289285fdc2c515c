import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedClickHouse, startClickHouse } from '../../../server/standalone/clickhouse.ts';
import { runInContainer, startInContainer } from '../../support/container-program.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { sendTraces } from '../../support/simple-traces.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const dirs = [makeTempDir('apart-clickhouse'), makeTempDir('apart-data')] as const;
let clickhouse: EmbeddedClickHouse;
let redis: TestRedis;
let database: Record<string, string>;

beforeAll(async () => {
  clickhouse = await startClickHouse({ dataDir: dirs[0].path, log: () => undefined });
  redis = await startRedis();
  database = {
    CLICKHOUSE_URL: clickhouse.url,
    SIGHTGLASS_CLICKHOUSE_SECRET: clickhouse.secret,
    SIGHTGLASS_DATA_DIR: dirs[1].path,
  };
});

afterAll(async () => {
  await redis.stop();
  await clickhouse.stop();
  for (const dir of dirs) dir.remove();
});

describe('the programs apart, through the entry point of the image', () => {
  it('migrates a ClickHouse of its own, once and again', async () => {
    const first = await runInContainer('migrate', database);
    expect(first).toMatchObject({ code: 0, output: expect.stringContaining('applied 0001_spans.sql') as string });
    const again = await runInContainer('migrate', database);
    expect(again).toEqual({ code: 0, output: 'the database is up to date\n' });
  });

  it('takes spans, shows them, runs agents on Redis, and stops on SIGTERM', async () => {
    const collector = await startInContainer('collector', {
      ...database,
      SIGHTGLASS_OTLP_HTTP_PORT: '0',
      SIGHTGLASS_OTLP_GRPC_PORT: '0',
    });
    const otlp = collector.urls['http'] ?? '';
    // Each needs the other's address: the server gets the runtime's, the runtime does without prices.
    const runtime = await startInContainer('runtime', {
      REDIS_URL: redis.url,
      SIGHTGLASS_RUNTIME_PORT: '0',
      SIGHTGLASS_DATA_DIR: dirs[1].path,
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp,
    });
    const server = await startInContainer('server', {
      ...database,
      SIGHTGLASS_PORT: '0',
      SIGHTGLASS_RUNTIME_URL: runtime.urls['url'] ?? '',
    });
    const api = `${server.urls['url'] ?? ''}/api`;

    const [traceId = ''] = await sendTraces(otlp, [{ agent: 'from-outside' }]);
    const reply = await fetch(`${api}/traces/${traceId}`);
    expect(reply.status).toBe(200);
    expect(await reply.json()).toMatchObject({ spans: [{ agentName: 'from-outside' }, {}] });

    const turn = await fetch(`${runtime.urls['url'] ?? ''}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'agent/hello', messages: [{ role: 'user', content: 'Hello!' }] }),
    });
    expect(turn.status).toBe(200);
    const { sightglass } = (await turn.json()) as { sightglass: { trace_id: string } };
    await expect.poll(async () => (await fetch(`${api}/traces/${sightglass.trace_id}`)).status).toBe(200);
    const agents = await (await fetch(`${api}/agents`)).text();
    expect(agents).toContain('"hello"');

    const portOf = (url = '') => new URL(url).port;
    const ports = {
      SIGHTGLASS_PORT: portOf(server.urls['url']),
      SIGHTGLASS_OTLP_HTTP_PORT: portOf(collector.urls['http']),
      SIGHTGLASS_RUNTIME_PORT: portOf(runtime.urls['url']),
    };
    expect((await runInContainer('healthcheck', ports)).code).toBe(0);
    expect(await runtime.stop()).toBe(0);
    expect((await runInContainer('healthcheck', ports)).code).toBe(0); // two of them are still there
    expect(await Promise.all([server.stop(), collector.stop()])).toEqual([0, 0]);
    expect(await runInContainer('healthcheck', ports)).toMatchObject({
      code: 1,
      output: expect.stringContaining('absent') as string,
    });
  });

  it('refuses what is neither a program nor a verb', async () => {
    const { code, output } = await runInContainer('nonsense', {});
    expect(code).toBe(2);
    expect(output).toContain('unknown verb nonsense');
  });
});
