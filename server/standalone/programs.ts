import { join } from 'node:path';
import { installDir } from './config.ts';
import type { ProgramSpec } from './program.ts';

/**
 * What runs besides ClickHouse, in the order in which it stops: first what lets data in.
 * The last one's address is the product's.
 */
export const programs: readonly ProgramSpec[] = [
  {
    name: 'collector',
    label: 'OTLP/HTTP',
    main: join(installDir, 'collector', 'main.ts'),
    portVariable: 'SIGHTGLASS_OTLP_HTTP_PORT',
    urlVariable: 'OTEL_EXPORTER_OTLP_ENDPOINT', // the UI shows where spans go
    stopLimitMs: 15_000, // an insert ends within 10 s, the rest goes to the spool
  },
  {
    name: 'server',
    label: 'UI and API',
    main: join(installDir, 'server', 'main.ts'),
    portVariable: 'SIGHTGLASS_PORT',
    stopLimitMs: 5_000,
  },
];
