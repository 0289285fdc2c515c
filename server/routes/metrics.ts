import { Hono } from 'hono';
import type { ServerEnv } from '../middleware/environment.ts';

/** Prometheus's text format. */
const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** The server's own numbers, in the format of Prometheus; they are of all projects. */
export function metricsRoutes({ writeMetrics }: { writeMetrics: () => Promise<string> }) {
  return new Hono<ServerEnv>().get('/metrics', async (c) =>
    c.body(await writeMetrics(), 200, { 'content-type': metricsContentType }),
  );
}
