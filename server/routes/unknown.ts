import { Hono } from 'hono';
import { ApiError } from '../contract/errors.ts';
import type { ServerEnv } from '../middleware/environment.ts';

interface KnownRoute {
  method: string;
  /** With `:name` for a path segment. */
  path: string;
}

/** Answers what no route took: 405 with the methods that a known path has, else 404 below `/api`. */
export function unknownRoutes(known: readonly KnownRoute[]) {
  return new Hono<ServerEnv>().all('*', async (c, next) => {
    const methods = methodsOf(known, c.req.path);
    if (methods.length > 0 && !methods.includes(c.req.method)) {
      c.header('allow', methods.join(', '));
      throw new ApiError('method_not_allowed', `${c.req.path} takes ${methods.join(', ')}`);
    }
    if (c.req.path === '/api' || c.req.path.startsWith('/api/')) {
      throw new ApiError('not_found', `there is no ${c.req.path}; /api/openapi.json describes the API`);
    }
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') {
      c.header('allow', 'GET, HEAD');
      throw new ApiError('method_not_allowed', `${c.req.path} takes GET, HEAD`);
    }
    await next();
  });
}

function methodsOf(known: readonly KnownRoute[], path: string): string[] {
  const methods = known.filter((route) => matches(route.path, path)).map((route) => route.method);
  return methods.includes('GET') ? [...new Set([...methods, 'HEAD'])] : [...new Set(methods)];
}

function matches(pattern: string, path: string): boolean {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  return wanted.length === given.length && wanted.every((part, i) => part.startsWith(':') || part === given[i]);
}
