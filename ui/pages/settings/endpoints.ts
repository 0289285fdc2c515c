import type { Endpoints } from './connect-snippets.ts';

/* The usual ports; `npm start` prints those in force. */
const grpcPort = 4317;
const doorPort = 4100;

/** Where agents send and are talked to: OTLP/HTTP as the server says it, the others on the same machine at their usual ports. */
export function listEndpoints(otlpUrl: string): Endpoints {
  const at = (port: number) => {
    const url = new URL(otlpUrl);
    url.port = String(port);
    return url.origin;
  };
  return { otlp: otlpUrl, grpc: at(grpcPort), door: `${at(doorPort)}/v1` };
}
