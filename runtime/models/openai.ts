import OpenAI from 'openai';
import type { ModelAdapter, ModelRequest } from './model.ts';
import { takeMessage } from './http-fetch.ts';
import { OpenaiReplyReader } from './openai-reply.ts';
import { type OpenaiDialect, toOpenaiRequest } from './openai-request.ts';
import { readReply } from './read-reply.ts';
import { readSdkError } from './sdk-failure.ts';
import { type ProviderAccess, sdkTimeoutMs } from './provider-access.ts';

/** Speaks OpenAI Chat Completions, with OpenAI and with every server that follows it. */
export function openaiAdapter(access: ProviderAccess): ModelAdapter {
  const client = new OpenAI({
    baseURL: access.baseUrl ?? 'https://api.openai.com/v1',
    apiKey: access.apiKey ?? 'none',
    adminAPIKey: null,
    organization: access.organization ?? null,
    project: access.project ?? null,
    ...(access.apiKey === undefined && { defaultHeaders: { authorization: null } }),
    maxRetries: 0,
    timeout: sdkTimeoutMs,
    fetch: access.fetch,
    logLevel: 'off',
  });
  /** Learned from the server's first refusal. */
  const dialect: OpenaiDialect = { provider: access.provider, reportsUsage: true };

  async function open(request: ModelRequest, signal: AbortSignal): Promise<Response> {
    try {
      return await client.chat.completions.create(toOpenaiRequest(request, dialect), { signal }).asResponse();
    } catch (error) {
      if (!dialect.reportsUsage || !refusesStreamOptions(error)) throw error;
      dialect.reportsUsage = false;
      return open(request, signal);
    }
  }

  return {
    async *stream(request, signal) {
      try {
        const response = await open(request, signal);
        yield* readReply(takeMessage(response), new OpenaiReplyReader(access.provider), signal);
      } catch (error) {
        throw readSdkError(error, { signal, nowMs: Date.now() });
      }
    },
  };
}

/** Older servers refuse a body with a field that they do not know. */
function refusesStreamOptions(error: unknown): boolean {
  const { status, message } = error as { status?: unknown; message?: unknown };
  const isRefusal = status === 400 || status === 422;
  return isRefusal && typeof message === 'string' && /stream_options|include_usage/.test(message);
}
