import { randomBytes } from 'node:crypto';
import { type CreatedKeyReply, type CreateKeyRequest, everyProject, type ProjectKey } from '../contract/keys.ts';
import { ApiError } from '../contract/errors.ts';
import { formatKey } from '../domain/keys/credentials.ts';
import { type KeyUse, newStoredKey, showKey, stateOf, type StoredKey } from '../domain/keys/stored-key.ts';
import { AuditWriter } from '../queries/audit.ts';
import type { Db, DbConnection } from '../queries/db.ts';
import { KeyWriter } from '../queries/key-writer.ts';
import { findKey, listKeys, listKeyUses } from '../queries/keys.ts';

/** Keys in force; every program holds all of them. */
const inForceMax = { ofProject: 500, ofAll: 5_000 } as const;
const unused: KeyUse = { lastUsedMs: null, spansToday: 0 };

/** Who does something to keys: `command`, `api`, or the id of a key. */
interface Actor {
  actor: string;
  nowMs: number;
}

/** Makes, shows and revokes keys; every change leaves a row in the audit. */
export class Keys {
  readonly #writer: KeyWriter;
  readonly #audit: AuditWriter;

  constructor(connection: DbConnection) {
    this.#writer = new KeyWriter(connection);
    this.#audit = new AuditWriter(connection);
  }

  /** Those of a project, or all. */
  async list(db: Db, projectId: string | undefined, nowMs: number): Promise<ProjectKey[]> {
    const stored = await listKeys(db, projectId);
    const keyIds = stored.map(({ keyId }) => keyId);
    const uses = await listKeyUses(db, keyIds, new Date(nowMs).toISOString().slice(0, 10));
    return stored.map((key) => showKey(key, uses.get(key.keyId) ?? unused));
  }

  /** Throws `too_many_keys`. The secret is in the answer and nowhere else. */
  async create(db: Db, request: CreateKeyRequest, { actor, nowMs }: Actor): Promise<CreatedKeyReply> {
    await this.#requireRoom(db, request.projectId, nowMs);
    const credential = { keyId: randomBytes(6).toString('hex'), secret: randomBytes(32).toString('base64url') };
    const key = newStoredKey(request, { ...credential, createdBy: actor, nowMs });
    await this.#writer.writeKey(key, 1, actor);
    const { name, scopes, expiresMs, spansPerSecond, spansPerDay } = key;
    await this.#note('key.created', key, actor, { name, scopes, expiresMs, spansPerSecond, spansPerDay });
    return { key: showKey(key, unused), secret: formatKey(credential) };
  }

  /** With a project only a key of it. Throws `key_not_found`; of a key that is revoked already nothing changes. */
  async revoke(
    db: Db,
    { keyId, projectId }: { keyId: string; projectId: string | undefined },
    { actor, nowMs }: Actor,
  ): Promise<ProjectKey> {
    const found = await findKey(db, keyId);
    const isVisible = projectId === undefined || projectId === everyProject || found?.key.projectId === projectId;
    if (found === undefined || !isVisible) throw new ApiError('key_not_found', `there is no key ${keyId}`);
    const { key, version } = found;
    const revoked: StoredKey = { ...key, revokedMs: key.revokedMs ?? nowMs };
    if (key.revokedMs === null) {
      await this.#writer.writeKey(revoked, version + 1, actor);
      await this.#note('key.revoked', key, actor, { name: key.name });
    }
    const uses = await listKeyUses(db, [keyId], new Date(nowMs).toISOString().slice(0, 10));
    return showKey(revoked, uses.get(keyId) ?? unused);
  }

  async close(): Promise<void> {
    await Promise.all([this.#writer.close(), this.#audit.close()]);
  }

  async #requireRoom(db: Db, projectId: string, nowMs: number): Promise<void> {
    const inForce = (await listKeys(db)).filter((key) => stateOf(key, nowMs) === 'inForce');
    const ofProject = inForce.filter((key) => key.projectId === projectId);
    if (ofProject.length >= inForceMax.ofProject) {
      throw new ApiError(
        'too_many_keys',
        `project ${projectId} has ${inForceMax.ofProject} keys in force; revoke some`,
      );
    }
    if (inForce.length >= inForceMax.ofAll) {
      throw new ApiError('too_many_keys', `there are ${inForceMax.ofAll} keys in force; revoke some`);
    }
  }

  async #note(action: string, { keyId, projectId }: StoredKey, actor: string, details: object): Promise<void> {
    await this.#audit.write({ projectId, actor, action, targetType: 'key', targetId: keyId, details });
  }
}
