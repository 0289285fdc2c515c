import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { ApiError } from '../contract/errors.ts';
import type { ServerEnv } from '../middleware/environment.ts';

const keyBodyBytesMax = 16 * 1024;

/** For bodies that hold a key or ask for one: also who has none may send them. */
export const limitKeyBody: MiddlewareHandler<ServerEnv> = bodyLimit({
  maxSize: keyBodyBytesMax,
  onError: () => {
    throw new ApiError('body_too_large', `this request has at most ${keyBodyBytesMax} bytes`);
  },
});
