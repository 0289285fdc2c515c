import { spawnSync } from 'node:child_process';
import { request as requestHttp } from 'node:http';
import { join } from 'node:path';
import type { CreatedKeyReply, ProjectKey } from '../../../server/contract/keys.ts';
import { newStoredKey } from '../../../server/domain/keys/stored-key.ts';
import { KeyWriter } from '../../../server/queries/key-writer.ts';
import { findRunningClickHouse } from '../../../server/standalone/clickhouse.ts';
import { cleanEnvironment, repositoryDir } from '../../support/program.ts';

/** Runs `sightglass keys …` on a data folder, as a person at the terminal. */
export function runKeys(dataDir: string, args: readonly string[]) {
  const script = join(repositoryDir, 'server', 'standalone', 'sightglass.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, 'keys', ...args], {
    encoding: 'utf8',
    env: { ...cleanEnvironment(), SIGHTGLASS_DATA_DIR: dataDir, SIGHTGLASS_AUTH: 'on' },
  });
  return { status, stdout, stderr };
}

/** Makes a key by the command line; throws unless it did. */
export function createKey(dataDir: string, project: string, scope: string, ...more: string[]): CreatedKeyReply {
  const { stdout, stderr } = runKeys(dataDir, ['create', '--project', project, '--scope', scope, '--json', ...more]);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as CreatedKeyReply;
}

export function listKeys(dataDir: string): ProjectKey[] {
  return (JSON.parse(runKeys(dataDir, ['list', '--json']).stdout) as { keys: ProjectKey[] }).keys;
}

/** A key whose time was over a second ago; answers its text. */
export async function writeExpiredKey(dataDir: string, projectId: string): Promise<string> {
  const connection = findRunningClickHouse(dataDir);
  if (connection === undefined) throw new Error('no ClickHouse is running');
  const writer = new KeyWriter(connection);
  const credential = { keyId: 'eeeeeeeeeeee', secret: 'E'.repeat(43) };
  const nowMs = Date.now();
  const request = { projectId, name: 'expired', scopes: ['ingest', 'read', 'run', 'admin'] as const };
  const key = newStoredKey({ ...request, scopes: [...request.scopes] }, { ...credential, createdBy: 'command', nowMs });
  await writer.writeKey({ ...key, expiresMs: nowMs - 1_000 }, 1, 'command');
  await writer.close();
  return `sg-${credential.keyId}-${credential.secret}`;
}

export interface Answer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  text: string;
}

/** A request with exactly these headers, Host and Origin included, which `fetch` would not send. */
export async function send(
  url: string,
  options: { method?: string; headers?: Record<string, string | string[]>; body?: string | Uint8Array } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    // A connection of its own: one that is kept would end unnoticed while a command runs.
    const outgoing = requestHttp(url, { method, headers, agent: false }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text: Buffer.concat(chunks).toString(),
        });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** All forms in which a key may be sent. */
export function formsOf(key: string): Readonly<Record<string, Record<string, string>>> {
  const [, keyId = '', secret = ''] = /^sg-(\w+?)-(.+)$/.exec(key) ?? [];
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  return {
    'Authorization: Bearer': { authorization: `Bearer ${key}` },
    'Basic with the secret': { authorization: basic(`${keyId}:${secret}`) },
    'Basic with the whole key': { authorization: basic(`${keyId}:${key}`) },
    'x-api-key': { 'x-api-key': key },
  };
}
