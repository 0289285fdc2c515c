import { createHash } from 'node:crypto';
import type { FinishReason, ModelEvent, ModelReply, ModelRequest, ToolCall, Usage } from './model.ts';
import { ModelFailure } from './model-failure.ts';
import { decide } from './simulated-decision.ts';
import type { SimulatedBehaviour } from './simulated-profiles.ts';
import { createRandom, draw, type Random } from './simulated-random.ts';
import { countCachedTokens, countInputTokens, countTokens, countToolCallTokens } from './simulated-tokens.ts';

/** What happens during a call, before it happens. */
export interface Plan {
  /** When the first piece comes, after the call. */
  firstTokenMs: number;
  /** When the last piece comes. */
  endMs: number;
  pieces: readonly Exclude<ModelEvent, { type: 'end' }>[];
  /** After the pieces: the end, a failure, or nothing at all until the caller gives up. */
  end: ModelReply | ModelFailure | 'hang';
}

/** Pieces do not come closer than this: 500 streams at once are cheap, and no reader sees a difference. */
const pieceIntervalMs = 40;
const thoughtTokens = { minimal: 16, low: 96, medium: 320, high: 1_200 } as const;

/**
 * Plans a call; the same arguments give the same plan. `repetition` counts how often the same was asked before: times and
 * errors differ then, as they would, and the words stay the same. `responseId` names this one call, as no other.
 */
export function planCall(
  request: ModelRequest,
  behaviour: SimulatedBehaviour,
  { repetition, responseId }: { repetition: number; responseId: string },
): Plan {
  const asked = hashRequest(request);
  const words = createRandom(behaviour.seed, 'words', asked);
  const chance = createRandom(behaviour.seed, 'chance', asked, repetition);
  const inputTokens = countInputTokens(request);
  const firstTokenMs = draw(behaviour.firstToken, chance);
  const fail = (failure: ModelFailure): Plan => ({ firstTokenMs, endMs: firstTokenMs, pieces: [], end: failure });
  if (inputTokens > behaviour.contextWindow) {
    const message = `the request has ${inputTokens} tokens, the context window ${behaviour.contextWindow}`;
    return fail(new ModelFailure('context_too_long', message, { status: 400 }));
  }
  const error = drawError(behaviour.errors, chance);
  if (error === 'rate_limited') {
    const retryAfterMs = behaviour.errors.rate_limited?.retryAfter;
    return fail(new ModelFailure('rate_limited', 'simulated: too many requests', { status: 429, retryAfterMs }));
  }
  if (error === 'unavailable') return fail(new ModelFailure('unavailable', 'simulated: overloaded', { status: 503 }));
  if (error === 'timeout') return { firstTokenMs, endMs: firstTokenMs, pieces: [], end: 'hang' };

  const reply = makeReply(request, { behaviour, asked, responseId, inputTokens, random: words });
  const outputTokens = reply.usage?.outputTokens ?? 0;
  const reasoningTokens = reply.usage?.reasoningTokens ?? 0;
  const perSecond = draw(behaviour.tokensPerSecond, chance);
  const startMs = firstTokenMs + (reasoningTokens / perSecond) * 1_000;
  const endMs =
    behaviour.latency === undefined
      ? startMs + ((outputTokens - reasoningTokens) / perSecond) * 1_000
      : Math.max(draw(behaviour.latency, chance), startMs);
  const pieces = cutReply(reply, Math.max(1, Math.ceil((endMs - startMs) / pieceIntervalMs)));
  if (error === undefined) return { firstTokenMs: startMs, endMs, pieces, end: reply };

  const reached = chance();
  const end =
    error === 'cut_stream'
      ? new ModelFailure('cut_stream', 'simulated: the connection closed before the answer ended', { status: 200 })
      : new ModelFailure('unavailable', 'simulated: an error within the stream', { status: 200 });
  const shown = pieces.slice(0, Math.floor(pieces.length * reached));
  return { firstTokenMs: startMs, endMs: startMs + (endMs - startMs) * reached, pieces: shown, end };
}

export function hashRequest(request: ModelRequest): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('hex');
}

function drawError(
  errors: SimulatedBehaviour['errors'],
  random: Random,
): keyof SimulatedBehaviour['errors'] | undefined {
  let left = random();
  const kinds = ['rate_limited', 'unavailable', 'timeout', 'error_in_stream', 'cut_stream'] as const;
  return kinds.find((kind) => {
    const share = errors[kind] ?? 0;
    left -= typeof share === 'number' ? share : share.rate;
    return left < 0;
  });
}

interface Given {
  behaviour: SimulatedBehaviour;
  asked: string;
  responseId: string;
  inputTokens: number;
  random: Random;
}

function makeReply(request: ModelRequest, { behaviour, asked, responseId, inputTokens, random }: Given): ModelReply {
  const decision = decide(request, behaviour, random);
  const toolCalls = decision.calls.map((call, i): ToolCall => ({
    id: `call_${asked.slice(0, 12)}${i}`,
    name: call.name,
    arguments: JSON.stringify(call.arguments),
  }));
  const { text, isCut } = cutText(decision.text, request);
  const finishReason: FinishReason = toolCalls.length > 0 ? 'tool_calls' : isCut ? 'length' : 'stop';
  // Of reasoning and of tool calls nothing is cut off, and no more than the limit is billed.
  const { maxOutputTokens = Infinity } = request;
  const reasoningTokens =
    request.reasoningEffort === undefined
      ? undefined
      : Math.min(maxOutputTokens, Math.round(thoughtTokens[request.reasoningEffort] * (0.5 + random())));
  const cacheReadTokens = countCachedTokens(request);
  const outputTokens = countTokens(text) + countToolCallTokens(toolCalls) + (reasoningTokens ?? 0);
  const counts = {
    inputTokens,
    cacheReadTokens,
    outputTokens: Math.min(maxOutputTokens, Math.max(outputTokens, 1)),
    ...(reasoningTokens !== undefined && { reasoningTokens }),
  };
  return {
    text,
    toolCalls,
    finishReason,
    responseId,
    responseModel: request.model,
    usage: { ...counts, raw: counts },
    costUsd: priceUsage(counts, behaviour),
  };
}

/** Exact to a millionth of a millionth of a dollar: prices have six digits, tokens are whole. */
function priceUsage(
  { inputTokens, cacheReadTokens = 0, outputTokens }: Pick<Usage, 'inputTokens' | 'cacheReadTokens' | 'outputTokens'>,
  { usdPerMillionInput, usdPerMillionCachedInput, usdPerMillionOutput }: SimulatedBehaviour,
): string {
  const price = (usd: number) => BigInt(Math.round(usd * 1e6));
  const sum =
    BigInt(inputTokens - cacheReadTokens) * price(usdPerMillionInput) +
    BigInt(cacheReadTokens) * price(usdPerMillionCachedInput) +
    BigInt(outputTokens) * price(usdPerMillionOutput);
  const digits = String(sum).padStart(13, '0');
  const decimal = `${digits.slice(0, -12)}.${digits.slice(-12)}`;
  return decimal.replace(/\.?0+$/, '');
}

/** At stop sequences, and where it has as many tokens as it may. */
function cutText(text: string, { stop = [], maxOutputTokens }: ModelRequest): { text: string; isCut: boolean } {
  const stops = stop.map((one) => text.indexOf(one)).filter((at) => at >= 0);
  const stopped = stops.length === 0 ? text : text.slice(0, Math.min(...stops));
  if (maxOutputTokens === undefined || countTokens(stopped) <= maxOutputTokens) return { text: stopped, isCut: false };
  return { text: stopped.slice(0, maxOutputTokens * 4), isCut: true };
}

/** About so many pieces, between words where there are any; then tool calls, each in two. */
function cutReply({ text, toolCalls }: ModelReply, count: number): Plan['pieces'] {
  const length = Math.max(4, Math.ceil(text.length / count));
  const texts = text.match(new RegExp(`[^]{1,${length}}\\S{0,12}(?:\\s|$)?`, 'gu')) ?? [];
  return [
    ...texts.map((piece) => ({ type: 'text', text: piece }) as const),
    ...toolCalls.flatMap(({ id, name, arguments: written }, index) => {
      const half = Math.ceil(written.length / 2);
      return [
        { type: 'tool_call', index, id, name, arguments: written.slice(0, half) } as const,
        { type: 'tool_call', index, arguments: written.slice(half) } as const,
      ];
    }),
  ];
}
