import { Deliverer } from '../../server/alerts/deliver/deliverer.ts';

/** A deliverer in a process of its own, to be killed or stopped by a test. */
const environment = process.env;
const report = (fields: object, message: string) => {
  console.log(message, JSON.stringify(fields));
};
const deliverer = new Deliverer({
  connection: { url: environment['CLICKHOUSE_URL'] ?? '', secret: environment['SIGHTGLASS_CLICKHOUSE_SECRET'] ?? '' },
  log: { warn: report, error: report },
  publicUrl: () => 'https://sightglass.example',
  poster: { allowsPrivate: true },
  pollMs: 50,
  times: { claimMs: Number(environment['CLAIM_MS']), paceMs: 0, delaysMs: Array.from({ length: 100 }, () => 100) },
});
process.on('SIGTERM', () => {
  void deliverer.close().then(() => process.exit(0));
});
process.on('disconnect', () => process.exit(0));
process.send?.({ type: 'ready', url: 'none' });
deliverer.start();
