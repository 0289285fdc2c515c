import type { DbConnection } from '../../server/queries/db.ts';
import { Resettlements } from '../../server/resettle/resettlements.ts';

/** Re-settlements as the server has them, with the price table of the package. */
export function resettlementsOn(connection: DbConnection): Resettlements {
  return new Resettlements({ connection, pricesFile: undefined, priceVersion: 'test' });
}
