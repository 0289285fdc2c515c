import { join } from 'node:path';
import { loadStandaloneConfig } from '../../../../server/standalone/config.ts';
import { startEverything } from '../../../../server/standalone/start.ts';
import { StartError } from '../../../../server/standalone/start-error.ts';
import { superviseUntilSignal } from '../../../../server/standalone/supervise.ts';

/** The one-machine start with the programs of this folder that the arguments name, instead of the product's. */
const programs = process.argv.slice(2).map((name) => ({
  name,
  label: name,
  main: join(import.meta.dirname, `${name}.ts`),
  portVariable: 'SIGHTGLASS_OTLP_HTTP_PORT',
  stopLimitMs: 1_000,
}));
const config = loadStandaloneConfig();
try {
  process.exitCode = await superviseUntilSignal((print, signal) =>
    startEverything({ config, programs, print, signal }),
  );
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
process.exit();
