import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { ApiError } from '../contract/errors.ts';
import type { ServerEnv } from '../middleware/environment.ts';

const alertBodyBytesMax = 64 * 1024;

/** For bodies that hold a rule. */
export const limitAlertBody: MiddlewareHandler<ServerEnv> = bodyLimit({
  maxSize: alertBodyBytesMax,
  onError: () => {
    throw new ApiError('body_too_large', `this request has at most ${alertBodyBytesMax} bytes`);
  },
});
