import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { noQuery } from '../contract/requests.ts';
import type { ServerEnv } from '../middleware/environment.ts';
import { createRouter, replies } from './api.ts';

/** Describes all routes of `api`, its own included, from the very schemas that check their requests. */
export function openApiRoutes(api: OpenAPIHono<ServerEnv>, { publicUrl }: { publicUrl: string | undefined }) {
  let document: Record<string, unknown> | undefined;
  return createRouter().openapi(openApiRoute, (c) => {
    document ??= { ...api.getOpenAPI31Document({ ...about, servers: [{ url: publicUrl ?? '/' }] }) };
    return c.json(document, 200);
  });
}

const about = {
  openapi: '3.1.0',
  info: {
    title: 'Sightglass',
    version: '1',
    description:
      'Times are nanoseconds since 1970 as decimal strings, money is decimal strings of US dollars, unknown is `null`. ' +
      'Every error has the body `{ error: { code, message } }`; every answer has an `x-request-id`.',
  },
};

const openApiRoute = createRoute({
  method: 'get',
  path: '/openapi.json',
  tags: ['API'],
  summary: 'Describes this API as OpenAPI 3.1',
  request: { query: noQuery },
  responses: replies(z.record(z.string(), z.unknown()), 'The OpenAPI document.'),
});
