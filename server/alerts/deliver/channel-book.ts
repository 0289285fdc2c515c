import { channelBody, type StoredChannel } from '../../domain/alerts/stored-channel.ts';
import { type ConfigurationObject, findObject, listObjects } from '../../queries/configuration.ts';
import type { Db } from '../../queries/db.ts';

/** Reads channels as they are now: one that was changed a moment ago is sent to where it says. */
export class ChannelBook {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Undefined: it was removed, or never was. */
  async find({ projectId, channelId }: { projectId: string; channelId: string }): Promise<StoredChannel | undefined> {
    const object = await findObject(this.#db, { objectType: 'channel', projectId, objectId: channelId });
    return object === undefined ? undefined : toChannel(object);
  }

  /** By name. */
  async list(projectId: string): Promise<StoredChannel[]> {
    const objects = await listObjects(this.#db, { objectType: 'channel', projectId });
    return objects.map(toChannel).toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
  }
}

/** Written by this program alone. */
export function toChannel({ projectId, objectId, version, body, author, updatedAtMs }: ConfigurationObject) {
  const channel: StoredChannel = {
    ...channelBody.parse(body),
    ...{ projectId, channelId: objectId, version, updatedAtMs, updatedBy: author },
  };
  return channel;
}
