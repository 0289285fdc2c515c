import { afterAll, beforeAll, expect, it } from 'vitest';
import { KeyWriter } from '../../../server/queries/key-writer.ts';
import { newStoredKey } from '../../../server/domain/keys/stored-key.ts';
import { connectGrpc } from '../../support/grpc-client.ts';
import { encodeJson, encodeProtobuf, tracesOf } from '../../support/otlp-encode.ts';
import { environmentOf } from '../../support/pipeline.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { makeTempDir } from '../../support/temp-dir.ts';
import { type FragileDatabase, startFragileDatabase } from './fragile-database.ts';
import { newSpan } from './live-collector.ts';

const secret = 'a'.repeat(43);
const known = `sg-0123456789ab-${secret}`;
const unknown = `sg-ba9876543210-${secret}`;

let database: FragileDatabase;
let dir: { path: string; remove(): void };
let collector: Program;

beforeAll(async () => {
  database = await startFragileDatabase();
  dir = makeTempDir('keys-outage');
  const writer = new KeyWriter(database);
  const request = { projectId: 'shop', name: 'known', scopes: ['ingest' as const] };
  const key = newStoredKey(request, { keyId: '0123456789ab', secret, createdBy: 'command', nowMs: Date.now() });
  await writer.writeKey(key, 1, 'command');
  await writer.close();
  collector = await start();
});
afterAll(async () => {
  await collector.stop();
  await database.remove();
  dir.remove();
});

function start(): Promise<Program> {
  return startProgram('collector/main.ts', {
    ...environmentOf(database),
    SIGHTGLASS_DATA_DIR: dir.path,
    SIGHTGLASS_AUTH: 'on',
    SIGHTGLASS_INTERNAL_SECRET: 'i'.repeat(32),
  });
}

async function post(key: string): Promise<Response> {
  const headers = { 'content-type': 'application/json', 'x-api-key': key };
  const body = new Uint8Array(encodeJson(tracesOf([newSpan()])));
  return fetch(`${collector.url}/v1/traces`, { method: 'POST', headers, body });
}

it('goes on with the keys that it knew, and tells others to come back, until ClickHouse is there again', async () => {
  await expect.poll(async () => (await post(known)).status).toBe(200);
  expect((await post(unknown)).status).toBe(401);
  await database.kill();

  expect((await post(known)).status).toBe(200); // in the spool
  const refused = await post(unknown);
  expect(refused.status).toBe(503);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  const grpc = connectGrpc(collector.otherUrls['SIGHTGLASS_OTLP_GRPC_PORT'] ?? '');
  const call = await grpc.send('traces', encodeProtobuf(tracesOf([newSpan()])), { metadata: { 'x-api-key': unknown } });
  grpc.close();
  expect(call).toMatchObject({ code: 14, retryAfterMs: 2_000 });

  // One that starts now knows no key at all.
  await collector.stop();
  collector = await start();
  expect((await post(known)).status).toBe(503);
  expect((await fetch(`${collector.url}/healthz`)).status).toBe(200);

  await database.restart();
  await expect.poll(async () => (await post(known)).status, { timeout: 20_000 }).toBe(200);
  expect((await post(unknown)).status).toBe(401);
});
