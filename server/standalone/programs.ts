import { join } from 'node:path';
import { installDir } from './config.ts';
import type { ProgramSpec } from './program.ts';

/** What runs besides ClickHouse, in the order in which it starts. The last one's address is the product's. */
export const programs: readonly ProgramSpec[] = [
  {
    name: 'collector',
    label: 'OTLP/HTTP',
    main: join(installDir, 'collector', 'main.ts'),
    portVariable: 'SIGHTGLASS_OTLP_HTTP_PORT',
    otherDoors: [{ label: 'OTLP/gRPC', portVariable: 'SIGHTGLASS_OTLP_GRPC_PORT' }],
    urlVariable: 'OTEL_EXPORTER_OTLP_ENDPOINT', // the UI shows where spans go
    stopLimitMs: 15_000, // an insert ends within 10 s, the rest goes to the spool
  },
  {
    name: 'runtime',
    label: 'Agents',
    main: join(installDir, 'runtime', 'main.ts'),
    portVariable: 'SIGHTGLASS_RUNTIME_PORT',
    urlVariable: 'SIGHTGLASS_RUNTIME_URL', // the server forwards to it
    stopsFirst: true, // its last spans go to the collector
    stopLimitMs: 15_000, // turns under way get 8 s, spans 3 s
  },
  {
    name: 'server',
    label: 'UI and API',
    main: join(installDir, 'server', 'main.ts'),
    portVariable: 'SIGHTGLASS_PORT',
    urlVariable: 'SIGHTGLASS_SERVER_URL', // where the runtime asks for prices
    stopLimitMs: 5_000,
  },
];
