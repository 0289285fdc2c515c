import { randomUUID } from 'node:crypto';
import { loadPriceBook } from '../../server/load-price-book.ts';
import { connectDb } from '../../server/queries/db.ts';
import { SettlementWriter } from '../../server/queries/settlement-writer.ts';
import { Settler } from '../../server/settle/settler.ts';

/** A settler in a process of its own, to be killed or stopped by a test. It never stands by. */
const environment = process.env;
const connection = {
  url: environment['CLICKHOUSE_URL'] ?? '',
  secret: environment['SIGHTGLASS_CLICKHOUSE_SECRET'] ?? '',
};
const report = (fields: object, message: string) => {
  console.log(message, JSON.stringify(fields));
};
const settler = new Settler({
  db: connectDb({ ...connection, queryTimeoutMs: 20_000 }),
  writer: new SettlementWriter(connection),
  book: loadPriceBook(undefined),
  log: { info: report, warn: report, error: report },
  owner: randomUUID(),
  leaseMs: 0,
  verifiedLagMs: Number(environment['VERIFIED_LAG_MS']),
  batchRowsMax: environment['BATCH_ROWS_MAX'] === undefined ? undefined : Number(environment['BATCH_ROWS_MAX']),
});
process.on('SIGTERM', () => {
  settler.stop();
});
process.on('disconnect', () => process.exit(0));
process.send?.({ type: 'ready', url: 'none' });
await settler.run();
process.exit(0);
