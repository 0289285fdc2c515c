import type { AlertEvent } from '../../server/contract/alerts.ts';
import type { ChannelBody } from '../../server/domain/alerts/stored-channel.ts';
import { tables } from '../../migrations/schema.ts';
import { configurationOn } from './configuration.ts';
import { connectDatabase, type TestDatabase } from './database.ts';

export const webhookSecret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

/** Writes what the alert engine and the page of channels write, for one project. */
export function alertOutbox(database: TestDatabase, projectId: string) {
  const client = connectDatabase(database);
  const configuration = configurationOn(database);
  return {
    writeEvents: async (events: readonly AlertEvent[]) => {
      await client.insert({
        table: tables.alertEvents,
        columns: ['project_id', 'event_id', 'at', 'tick', 'source', 'object_id', 'group_key', 'to_state', 'body'],
        values: events.map((event) => ({
          ...{ project_id: projectId, event_id: event.eventId, tick: 1, source: event.source, to_state: event.to },
          ...{ object_id: event.ruleId ?? event.budgetId ?? '', group_key: event.group ?? '' },
          at: new Date(event.atMs).toISOString().slice(0, 23).replace('T', ' '),
          body: JSON.stringify({ ...event, projectId }),
        })),
        format: 'JSONEachRow',
      });
    },
    writeChannel: async (channelId: string, body: Partial<ChannelBody> & Pick<ChannelBody, 'type' | 'url'>) => {
      const secret = body.type === 'webhook' ? webhookSecret : null;
      await configuration.write({
        ...{ objectType: 'channel', projectId, objectId: channelId, author: 'test' },
        body: { name: channelId, secret, oldSecret: null, isEnabled: true, ...body },
      });
    },
    removeChannel: async (channelId: string) => {
      await configuration.remove({ objectType: 'channel', projectId, objectId: channelId, author: 'test' });
    },
    close: async () => {
      await Promise.all([client.close(), configuration.close()]);
    },
  };
}
export type AlertOutbox = ReturnType<typeof alertOutbox>;
