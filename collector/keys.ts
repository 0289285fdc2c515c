import { createHash, randomUUID } from 'node:crypto';
import { Gate } from './receive/authenticate.ts';
import { KeyMeter } from './receive/key-meter.ts';
import { KeyRing } from './receive/key-ring.ts';
import { type Connection } from './write/clickhouse.ts';
import { KeyStore } from './write/key-store.ts';

const dayMs = 86_400_000;

/** What stands at the ports when a key is needed. */
export interface OpenedKeys {
  gate: Gate;
  meter: KeyMeter;
  /** Writes down what was counted last. */
  close: () => Promise<void>;
}

/** Begins to read the keys; until they are read, requests are told to come back. */
export function openKeys(
  connection: Connection,
  { internalSecret, onError }: { internalSecret: string; onError: (error: unknown) => void },
): OpenedKeys {
  const store = new KeyStore(connection);
  const meter = new KeyMeter({
    save: (uses, token) => store.addUses(uses, token),
    newToken: randomUUID,
    nowMs: Date.now,
    onError,
  });
  const keyRing = new KeyRing({
    load: async () => {
      const keys = await store.listKeys();
      const day = Math.floor(Date.now() / dayMs);
      const limited = keys.filter(({ spansPerDay, revokedMs }) => spansPerDay !== null && revokedMs === null);
      const keyIds = limited.map(({ keyId }) => keyId);
      meter.setStored(day, await store.countSpans(keyIds, day));
      return keys;
    },
    nowMs: Date.now,
    onError,
  });
  void keyRing.start();
  meter.start();
  const internalHash = createHash('sha256').update(internalSecret).digest('hex');
  return {
    gate: new Gate({ keyRing, meter, internalHash }),
    meter,
    close: async () => {
      keyRing.close();
      await meter.close();
      await store.close();
    },
  };
}
