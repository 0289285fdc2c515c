import { ConfigurationWriter } from '../../server/queries/configuration-writer.ts';
import type { DbConnection } from '../../server/queries/db.ts';

/** Configured objects as the server writes them. */
export function configurationOn(connection: DbConnection): ConfigurationWriter {
  return new ConfigurationWriter(connection);
}
