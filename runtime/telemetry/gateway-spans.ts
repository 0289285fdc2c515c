import type { GatewayCall } from '../sessions/record.ts';
import { type Capture, keeperOf } from './capture.ts';
import { labelAttributes } from './labels.ts';
import { answeredAttributes, givenAttributes, offeredAttributes } from './message-json.ts';
import { countRetries, modelCallSpans } from './model-call-spans.ts';
import { callSpanId, callTrace } from './span-ids.ts';
import { attributesOf, type Span } from './span.ts';

/** The spans of a call of the gateway: the request that came in, and below it a `chat` for every try. Deterministic as a turn's. */
export function gatewaySpans(call: GatewayCall, capture: Capture): Span[] {
  const { attempts, reply } = call;
  const [first, last] = [attempts[0], attempts.at(-1)];
  if (first === undefined || last === undefined) return [];
  const keep = keeperOf(capture);
  const { traceId, parentSpanId: caller } = callTrace(call);
  const identity = attributesOf({
    'gen_ai.conversation.id': call.conversationId ?? undefined,
    'user.id': call.user ?? undefined,
  });
  const root: Span = {
    traceId,
    spanId: callSpanId(call, 'gateway'),
    parent: caller === undefined ? undefined : { spanId: caller, isRemote: true },
    // Neither model nor tokens: it is no model call, only the way to one.
    name: `gateway ${first.provider}/${first.model}`,
    kind: 'server',
    startMs: first.startMs,
    endMs: last.endMs,
    attributes: {
      ...identity,
      ...labelAttributes(call.labels),
      ...attributesOf({
        'error.type': last.failure?.kind,
        'sightglass.call.id': call.id,
        'sightglass.call.retries': countRetries(attempts).retries,
        'sightglass.call.fallbacks': countRetries(attempts).fallbacks,
      }),
    },
    error: last.failure && { message: keep.text(last.failure.message) ?? '' },
  };
  const given = {
    ...attributesOf({
      'gen_ai.request.temperature': call.temperature,
      'gen_ai.request.max_tokens': call.maxOutputTokens,
    }),
    ...givenAttributes(call.messages, keep),
    ...offeredAttributes(call.tools, keep),
  };
  const answered =
    reply === undefined
      ? {}
      : answeredAttributes(
          { ...reply, finishReason: last.failure === undefined ? reply.finishReason : undefined },
          keep,
        );
  const costSource = reply?.costUsd === undefined ? undefined : 'reported';
  const place = {
    ...{ traceId, parentSpanId: root.spanId, identity, keep },
    spanId: (attempt: number) => callSpanId(call, `chat ${attempt}`),
  };
  return [root, ...modelCallSpans({ ...reply, costSource, attempts }, { given, answered }, place)];
}
