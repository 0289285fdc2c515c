import { Channels } from '../../server/alerts/deliver/channels.ts';
import { Deliverer } from '../../server/alerts/deliver/deliverer.ts';
import type { DbConnection } from '../../server/queries/db.ts';
import { configurationOn } from './configuration.ts';

const silent = { warn: () => undefined, error: () => undefined };

/** Channels as the server has them; nothing is sent but tests. */
export function channelsOn(connection: DbConnection, { allowsPrivate = false } = {}): Channels {
  const poster = { allowsPrivate };
  const { courier } = new Deliverer({ connection, log: silent, publicUrl: () => 'https://sightglass.example', poster });
  return new Channels({ configuration: configurationOn(connection), courier, allowsPrivate, now: Date.now });
}
