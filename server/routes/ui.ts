import { extname } from 'node:path';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { ApiError } from '../contract/errors.ts';
import type { ServerEnv } from '../middleware/environment.ts';

const oneYearSeconds = 31_536_000;

/**
 * The built UI: files whose name holds their hash are kept for ever, everything else is asked for anew. Any other path without
 * an extension is a page of the UI, so that deep links open.
 */
export function uiRoutes({ directory }: { directory: string }) {
  const file = serveStatic<ServerEnv>({
    root: directory,
    onFound: (path, c) => {
      const isHashed = path.includes('/assets/');
      c.header('cache-control', isHashed ? `public, max-age=${oneYearSeconds}, immutable` : 'no-cache');
    },
  });
  const page = serveStatic<ServerEnv>({
    root: directory,
    path: 'index.html',
    onFound: (_path, c) => c.header('cache-control', 'no-cache'),
  });
  return new Hono<ServerEnv>()
    .get('*', file)
    .get('*', async (c, next) => (extname(c.req.path) === '' ? await page(c, next) : await next()))
    .get('*', (c) => {
      const isPage = extname(c.req.path) === '';
      throw new ApiError(
        'not_found',
        isPage ? 'the UI is not built: run `npm run build`' : `there is no file ${c.req.path}`,
      );
    });
}
