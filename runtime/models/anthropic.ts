import Anthropic from '@anthropic-ai/sdk';
import { AnthropicReplyReader } from './anthropic-reply.ts';
import { boundAnthropicOutput, toAnthropicRequest } from './anthropic-request.ts';
import { takeMessage } from './http-fetch.ts';
import type { ModelAdapter } from './model.ts';
import { type ProviderAccess, sdkTimeoutMs } from './provider-access.ts';
import { readReply } from './read-reply.ts';
import { readSdkError } from './sdk-failure.ts';

/** Speaks Anthropic Messages. */
export function anthropicAdapter(access: ProviderAccess): ModelAdapter {
  const client = new Anthropic({
    baseURL: access.baseUrl ?? 'https://api.anthropic.com',
    // Something must be given, or the package looks for credentials itself.
    apiKey: access.apiKey ?? 'none',
    maxRetries: 0,
    timeout: sdkTimeoutMs,
    fetch: access.fetch,
    logLevel: 'off',
    // The runtime's own spans tell what happened.
    openTelemetry: false,
  });
  return {
    boundOutputTokens: (request) => boundAnthropicOutput(request, access.provider),
    async *stream(request, signal) {
      try {
        const body = toAnthropicRequest(request, access.provider);
        // By its path: `messages.create` prints a warning at every call of an older model.
        const response = await client.post('/v1/messages', { body, signal, stream: true }).asResponse();
        yield* readReply(takeMessage(response), new AnthropicReplyReader(access.provider), signal);
      } catch (error) {
        throw readSdkError(error, { signal, nowMs: Date.now() });
      }
    },
  };
}
