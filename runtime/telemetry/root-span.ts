import { knownUsd } from '../run/limits.ts';
import { pausedMs } from '../run/turn-paused.ts';
import type { Turn, TurnEnd } from '../sessions/record.ts';
import { labelAttributes } from './labels.ts';
import { answeredAttributes } from './message-json.ts';
import { countRetries } from './model-call-spans.ts';
import { attributesOf, type Span, type SpanAttributes } from './span.ts';
import type { Place, TurnRecord } from './turn-record.ts';

type RootPlace = Place & { given: SpanAttributes };

/**
 * The span of a whole turn. `given`: what its first model call was given, or would have been; the whole history, as a message of
 * the user alone would look like the first of all.
 */
export function rootSpan({ session, turn, agent }: TurnRecord, end: TurnEnd, { given, ...place }: RootPlace): Span {
  const { keep } = place;
  const hasFailed = end.state !== 'completed' && !wantedReasons.has(end.reason);
  return {
    traceId: place.traceId,
    spanId: place.parentSpanId,
    parent: place.caller === undefined ? undefined : { spanId: place.caller, isRemote: session.parent === null },
    name: `invoke_agent ${agent.name}`,
    kind: session.parent === null ? 'server' : 'internal',
    ...timesOf(turn, end),
    attributes: {
      ...place.identity,
      ...attributesOf({
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.agent.description': agent.description,
        'error.type': hasFailed ? (end.reason ?? end.state) : undefined,
      }),
      ...labelAttributes({ ...agent.labels, ...turn.input.labels }),
      ...turnAttributes(turn, end),
      ...given,
      ...answeredAttributes(
        { text: end.text, toolCalls: [], finishReason: end.state === 'completed' ? 'stop' : undefined },
        keep,
      ),
    },
    error: hasFailed ? { message: keep.text(end.message ?? end.reason ?? end.state) ?? '' } : undefined,
  };
}

/** The store's clock may differ from that of the process that worked: what is inside does not stick out. */
function timesOf({ startedMs, acceptedMs, entries }: Turn, { atMs }: TurnEnd): Pick<Span, 'startMs' | 'endMs'> {
  const inside = entries.flatMap((entry) => {
    if (entry.type === 'tool') return [entry.startMs, entry.endMs];
    return entry.type === 'step' ? entry.attempts.flatMap(({ startMs, endMs }) => [startMs, endMs]) : [];
  });
  const startMs = inside.reduce((first, ms) => Math.min(first, ms), startedMs ?? acceptedMs);
  return { startMs, endMs: inside.reduce((last, ms) => Math.max(last, ms), Math.max(startMs, atMs)) };
}

/** Someone wanted the turn to end: nothing failed. */
const wantedReasons: ReadonlySet<TurnEnd['reason']> = new Set(['cancelled', 'superseded'] as const);

/** Which budgets let the turn wait, for how long, and which one ended it. */
function budgetAttributes({ entries }: Turn, end: TurnEnd): SpanAttributes {
  const paused = entries.filter((entry) => entry.type === 'paused');
  return attributesOf({
    'sightglass.turn.pauses': paused.length === 0 ? undefined : paused.length,
    'sightglass.turn.paused_seconds': paused.length === 0 ? undefined : pausedMs(entries, end.atMs) / 1_000,
    'sightglass.turn.paused_by':
      paused.length === 0 ? undefined : [...new Set(paused.map(({ budget }) => budget.name))],
    'sightglass.budget.id': end.budget?.budgetId,
    'sightglass.budget.name': end.budget?.name,
    'sightglass.budget.account': end.budget?.accountId,
  });
}

function turnAttributes(turn: Turn, end: TurnEnd): SpanAttributes {
  const steps = turn.entries.filter((entry) => entry.type === 'step');
  const counts = steps.map(({ attempts }) => countRetries(attempts));
  return attributesOf({
    'sightglass.session.id': turn.sessionId,
    'sightglass.turn.id': turn.id,
    'sightglass.turn.number': turn.number,
    'sightglass.turn.state': end.state,
    'sightglass.turn.reason': end.reason,
    'sightglass.turn.failure': end.failure?.kind,
    'sightglass.turn.queue_seconds': Math.max(0, (turn.startedMs ?? end.atMs) - turn.acceptedMs) / 1_000,
    'sightglass.turn.steps': steps.length,
    'sightglass.turn.tool_calls': steps.reduce((sum, { toolCalls }) => sum + toolCalls.length, 0),
    'sightglass.turn.retries': counts.reduce((sum, { retries }) => sum + retries, 0),
    'sightglass.turn.fallbacks': counts.reduce((sum, { fallbacks }) => sum + fallbacks, 0),
    'sightglass.turn.claims': turn.claims,
    ...budgetAttributes(turn, end),
    'sightglass.turn.cost_usd': knownUsd(turn.entries) ?? undefined,
  });
}
