import type { Usage } from '../models/model.ts';
import type { Attempt, ModelCall } from '../sessions/record.ts';
import type { Keeper } from './capture.ts';
import { attributesOf, type Span, type SpanAttributes } from './span.ts';

/** Where the spans of a model call hang, and what they all carry. */
export interface CallPlace {
  traceId: string;
  parentSpanId: string;
  /** Of the tries, by their number from 0. */
  spanId(attempt: number): string;
  /** Conversation, user, agent. */
  identity: SpanAttributes;
  keep: Keeper;
}

/** The attributes of what the model was given, on every try, and of what it answered, on the last. */
export interface CallContent {
  given: SpanAttributes;
  answered: SpanAttributes;
}

/**
 * One span for every try of a model call. Those that failed have the reason and no usage; usage, cost and answer are on the
 * last, also where it broke off.
 */
export function modelCallSpans(call: ModelCall, { given, answered }: CallContent, place: CallPlace): Span[] {
  return call.attempts.map((attempt, number) => {
    const { failure } = attempt;
    const isLast = number === call.attempts.length - 1;
    return {
      traceId: place.traceId,
      spanId: place.spanId(number),
      parent: { spanId: place.parentSpanId, isRemote: false },
      name: `chat ${attempt.model}`,
      kind: 'client',
      startMs: attempt.startMs,
      endMs: attempt.endMs,
      attributes: {
        ...place.identity,
        ...requestAttributes(call.attempts, number),
        ...(isLast ? responseAttributes(call, attempt) : {}),
        ...failureAttributes(attempt),
        ...given,
        ...(isLast ? answered : {}),
      },
      error: failure && { message: place.keep.text(failure.message) ?? '' },
    };
  });
}

/** How often a model was tried again, and how often the next one took over. */
export function countRetries(attempts: readonly Attempt[]): { retries: number; fallbacks: number } {
  const causes = attempts.map((_, number) => causeOf(attempts, number));
  return {
    retries: causes.filter((cause) => cause === 'retry').length,
    fallbacks: causes.filter((cause) => cause === 'fallback').length,
  };
}

/** Undefined of the first. */
function causeOf(attempts: readonly Attempt[], number: number): 'retry' | 'fallback' | undefined {
  const [before, own] = [attempts[number - 1], attempts[number]];
  if (before === undefined || own === undefined) return undefined;
  return before.provider === own.provider && before.model === own.model ? 'retry' : 'fallback';
}

function requestAttributes(attempts: readonly Attempt[], number: number): SpanAttributes {
  const attempt = attempts[number];
  if (attempt === undefined) return {};
  const { firstTokenMs, startMs } = attempt;
  return attributesOf({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': providerNames.get(attempt.provider) ?? attempt.provider,
    'gen_ai.request.model': attempt.model,
    'gen_ai.request.stream': true,
    'gen_ai.response.time_to_first_chunk': firstTokenMs === undefined ? undefined : (firstTokenMs - startMs) / 1_000,
    'sightglass.attempt.number': number + 1,
    'sightglass.attempt.cause': causeOf(attempts, number),
    'sightglass.budget.reserved_usd': attempt.reservedUsd,
  });
}

/** OpenTelemetry's names of providers, where they are not ours. */
const providerNames: ReadonlyMap<string, string> = new Map([['gemini', 'gcp.gemini']]);

function responseAttributes(call: ModelCall, { provider }: Attempt): SpanAttributes {
  const tierName = provider === 'anthropic' ? 'anthropic.response.service_tier' : 'openai.response.service_tier';
  return attributesOf({
    'gen_ai.response.model': call.responseModel,
    'gen_ai.response.id': call.responseId,
    'gen_ai.response.finish_reasons': call.finishReason && [call.finishReason],
    [tierName]: call.serviceTier,
    ...(call.usage === undefined ? {} : usageAttributes(call.usage)),
    // What we ourselves calculate is left to whoever knows the prices: only what nobody else can know is a fact of the call.
    'gen_ai.usage.cost': call.costSource !== 'priced' && call.costUsd ? Number(call.costUsd) : undefined,
  });
}

const rawUsageLength = 4_000;

function usageAttributes(usage: Usage): SpanAttributes {
  const { cacheWrite5mTokens: write5m, cacheWrite1hTokens: write1h } = usage;
  const isSplit = write5m !== undefined && write1h !== undefined;
  const raw = usage.raw === undefined ? undefined : JSON.stringify(usage.raw);
  return attributesOf({
    'gen_ai.usage.input_tokens': usage.inputTokens,
    'gen_ai.usage.output_tokens': usage.outputTokens,
    'gen_ai.usage.cache_read.input_tokens': usage.cacheReadTokens,
    'gen_ai.usage.cache_creation.input_tokens':
      write5m === undefined && write1h === undefined ? undefined : (write5m ?? 0) + (write1h ?? 0),
    'anthropic.usage.cache_creation.ephemeral_5m_input_tokens': isSplit ? write5m : undefined,
    'anthropic.usage.cache_creation.ephemeral_1h_input_tokens': isSplit ? write1h : undefined,
    'gen_ai.usage.reasoning.output_tokens': usage.reasoningTokens,
    'gen_ai.usage.audio.input_tokens': usage.inputAudioTokens,
    'gen_ai.usage.audio.output_tokens': usage.outputAudioTokens,
    'sightglass.usage.web_searches': usage.webSearches,
    'sightglass.usage.raw': raw !== undefined && raw.length <= rawUsageLength ? raw : undefined,
  });
}

function failureAttributes({ failure }: Attempt): SpanAttributes {
  return attributesOf({ 'error.type': failure?.kind, 'http.response.status_code': failure?.status });
}
