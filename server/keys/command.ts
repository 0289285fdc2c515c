import { everyProject, type ProjectKey } from '../contract/keys.ts';
import { connectDb, type DbConnection } from '../queries/db.ts';
import type { KeysCommand } from './arguments.ts';
import { Keys } from './keys.ts';

/** Runs `sightglass keys …` and answers the lines to print. Throws an ApiError. */
export async function runKeysCommand(connection: DbConnection, command: KeysCommand): Promise<string[]> {
  const db = connectDb(connection);
  const keys = new Keys(connection);
  const actor = { actor: 'command', nowMs: Date.now() };
  try {
    switch (command.verb) {
      case 'create': {
        const created = await keys.create(db, command.request, actor);
        return command.json ? [JSON.stringify(created)] : describeCreated(created.key, created.secret);
      }
      case 'list': {
        const listed = await keys.list(db, command.projectId, actor.nowMs);
        return command.json ? [JSON.stringify({ keys: listed })] : describeKeys(listed, actor.nowMs);
      }
      case 'revoke': {
        const key = await keys.revoke(db, { keyId: command.keyId, projectId: undefined }, actor);
        if (command.json) return [JSON.stringify({ key })];
        return [`key ${key.keyId} (${key.name}) is revoked: within five seconds it opens nothing any more`];
      }
    }
  } finally {
    await Promise.all([db.close(), keys.close()]);
  }
}

function describeCreated(key: ProjectKey, secret: string): string[] {
  const where = key.projectId === everyProject ? 'every project' : `project ${key.projectId}`;
  return [
    secret,
    '',
    `This is the whole key, and it cannot be shown again. ${capitalize(where)}, ${key.scopes.join(', ')}.`,
    'Send it as "Authorization: Bearer KEY", as "x-api-key: KEY", or with Basic as user and password:',
    `  user ${key.keyId}, password ${secret}`,
  ];
}

function describeKeys(keys: readonly ProjectKey[], nowMs: number): string[] {
  if (keys.length === 0) return ['there is no key'];
  const rows = keys.map((key) => [
    key.keyId,
    key.projectId,
    key.name,
    key.scopes.join(','),
    describeState(key, nowMs),
    key.lastUsedUnixNano === null ? 'never used' : `used ${describeTime(key.lastUsedUnixNano)}`,
    describeSpans(key),
  ]);
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function describeState({ revokedUnixNano, expiresUnixNano }: ProjectKey, nowMs: number): string {
  if (revokedUnixNano !== null) return `revoked ${describeTime(revokedUnixNano)}`;
  if (expiresUnixNano === null) return 'in force';
  const isExpired = BigInt(expiresUnixNano) <= BigInt(nowMs) * 1_000_000n;
  return `${isExpired ? 'expired' : 'in force until'} ${describeTime(expiresUnixNano)}`;
}

function describeSpans({ spansToday, limits: { spansPerDay, spansPerSecond } }: ProjectKey): string {
  const ofDay = spansPerDay === null ? '' : ` of ${spansPerDay}`;
  const rate = spansPerSecond === null ? '' : `, at most ${spansPerSecond} a second`;
  return `${spansToday}${ofDay} spans today${rate}`;
}

function describeTime(unixNano: string): string {
  return new Date(Number(BigInt(unixNano) / 1_000_000n)).toISOString().slice(0, 16).replace('T', ' ');
}

function capitalize(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
