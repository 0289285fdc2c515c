import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type EmbeddedClickHouse, startClickHouse } from '../../../../server/standalone/clickhouse.ts';
import { type ContainerProgram, runInContainer, startInContainer } from '../../../support/container-program.ts';
import { findFreePort } from '../../../support/free-port.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';
import { makeTempDir } from '../../../support/temp-dir.ts';
import { tracesOf, encodeJson } from '../../../support/otlp-encode.ts';

const dirs = [makeTempDir('apart-clickhouse'), makeTempDir('apart-data')] as const;
let clickhouse: EmbeddedClickHouse;
let redis: TestRedis;
/** As the image has it, but for the address. */
let everybody: Record<string, string>;
let database: Record<string, string>;
const started: ContainerProgram[] = [];

beforeAll(async () => {
  clickhouse = await startClickHouse({ dataDir: dirs[0].path, log: () => undefined });
  redis = await startRedis();
  everybody = {
    SIGHTGLASS_AUTH: 'on',
    SIGHTGLASS_INTERNAL_SECRET: 'a secret that the three programs share',
    SIGHTGLASS_DATA_DIR: dirs[1].path,
  };
  database = {
    ...everybody,
    CLICKHOUSE_URL: clickhouse.url,
    SIGHTGLASS_CLICKHOUSE_SECRET: clickhouse.secret,
  };
});

afterAll(async () => {
  await Promise.all(started.map((program) => program.stop()));
  await redis.stop();
  await clickhouse.stop();
  for (const dir of dirs) dir.remove();
});

describe('the programs apart, through the entry point of the image', () => {
  it('migrates a ClickHouse of its own, once and again', async () => {
    const first = await runInContainer(['migrate'], database);
    expect(first).toMatchObject({ code: 0, output: expect.stringContaining('applied 0001_spans.sql') as string });
    const again = await runInContainer(['migrate'], database);
    expect(again).toEqual({ code: 0, output: 'the database is up to date\n' });
  });

  it('takes spans with a key, shows them, runs agents on Redis, and stops on SIGTERM', async () => {
    const { output } = await runInContainer(
      ['sightglass', 'keys', 'create', '--project', 'shop', '--scope', 'ingest,read,run', '--json'],
      database,
    );
    const { secret } = z.object({ secret: z.string() }).parse(JSON.parse(output));
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };

    const ports = { collector: await findFreePort(), runtime: await findFreePort(), server: await findFreePort() };
    const [otlp, door, api] = [ports.collector, ports.runtime, ports.server].map((port) => `http://127.0.0.1:${port}`);
    const collector = await start('collector', {
      ...database,
      SIGHTGLASS_OTLP_HTTP_PORT: String(ports.collector),
      SIGHTGLASS_OTLP_GRPC_PORT: '0',
    });
    const server = await start('server', {
      ...database,
      SIGHTGLASS_PORT: String(ports.server),
      SIGHTGLASS_RUNTIME_URL: door ?? '',
    });
    const runtime = await start('runtime', {
      ...everybody,
      REDIS_URL: redis.url,
      SIGHTGLASS_RUNTIME_PORT: String(ports.runtime),
      SIGHTGLASS_SERVER_URL: api ?? '',
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp ?? '',
    });

    const span = {
      ...{ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', name: 'from outside', kind: 1 },
      ...{ startTimeUnixNano: `${Date.now()}000000`, endTimeUnixNano: `${Date.now()}000001`, attributes: [] },
    };
    const body = new Uint8Array(encodeJson(tracesOf([span])));
    const send = (own: Record<string, string>) => fetch(`${otlp}/v1/traces`, { method: 'POST', body, headers: own });
    expect((await send({ 'content-type': 'application/json' })).status).toBe(401);
    expect((await send(headers)).status).toBe(200);
    const reply = await fetch(`${api}/api/traces/${span.traceId}?project=shop`, { headers });
    expect(reply.status).toBe(200);
    expect(await reply.json()).toMatchObject({ spans: [{ name: 'from outside' }] });

    const turn = await fetch(`${door}/v1/chat/completions`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ model: 'agent/hello', messages: [{ role: 'user', content: 'Hello!' }] }),
    });
    expect(turn.status).toBe(200);
    const { sightglass } = z.object({ sightglass: z.object({ trace_id: z.string() }) }).parse(await turn.json());
    const findTurn = () => fetch(`${api}/api/traces/${sightglass.trace_id}?project=shop`, { headers });
    await expect.poll(async () => (await findTurn()).status).toBe(200);
    const agents = await fetch(`${api}/api/agents`, { headers });
    expect(await agents.text()).toContain('"hello"');

    const healthPorts = {
      SIGHTGLASS_PORT: String(ports.server),
      SIGHTGLASS_OTLP_HTTP_PORT: String(ports.collector),
      SIGHTGLASS_RUNTIME_PORT: String(ports.runtime),
    };
    const checkHealth = () => runInContainer(['healthcheck'], healthPorts);
    expect((await checkHealth()).code).toBe(0);
    expect(await runtime.stop()).toBe(0);
    expect((await checkHealth()).code).toBe(0); // two of them are still there
    expect(await Promise.all([server.stop(), collector.stop()])).toEqual([0, 0]);
    expect(await checkHealth()).toMatchObject({ code: 1, output: expect.stringContaining('absent') as string });
  });

  it('refuses what is neither a program nor a verb, and arguments that no program reads', async () => {
    const nonsense = await runInContainer(['nonsense'], {});
    expect(nonsense.code).toBe(2);
    expect(nonsense.output).toContain('unknown verb nonsense');
    const surplus = await runInContainer(['collector', '--port=1'], {});
    expect(surplus).toEqual({
      code: 2,
      output: 'collector takes no arguments; settings are environment variables\n',
    });
  });
});

async function start(...[program, environment]: Parameters<typeof startInContainer>): Promise<ContainerProgram> {
  const running = await startInContainer(program, environment);
  started.push(running);
  return running;
}
