import { Keys } from '../../server/keys/keys.ts';
import type { DbConnection } from '../../server/queries/db.ts';

/** Keys as the server makes and revokes them. */
export function keysOn(connection: DbConnection): Keys {
  return new Keys(connection);
}
