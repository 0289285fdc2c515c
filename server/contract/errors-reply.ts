import { z } from '@hono/zod-openapi';
import { apiErrors, type ApiErrorCode } from './errors.ts';

const codes = Object.keys(apiErrors) as [ApiErrorCode, ...ApiErrorCode[]];

/** The body of every error. */
export const errorReply = z.object({ error: z.object({ code: z.enum(codes), message: z.string() }) }).openapi('Error');
