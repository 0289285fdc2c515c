import type { Entry, ToolEntry } from '../sessions/record.ts';
import type { Keeper } from './capture.ts';
import type { OfferedTool } from './message-json.ts';
import { attributesOf, type Span, type SpanAttributes } from './span.ts';

export interface ToolPlace {
  traceId: string;
  parentSpanId: string;
  spanId(call: { step: number; callId: string }): string;
  /** Conversation, user, agent. */
  identity: SpanAttributes;
  keep: Keeper;
  /** As they were offered. */
  tools: readonly OfferedTool[];
}

type ToolStarted = Extract<Entry, { type: 'tool_started' }>;

/**
 * One span for every call of a tool. A call that was begun and has no result when its turn ended is one, too: a write may have
 * happened.
 */
export function toolSpans(entries: readonly Entry[], endMs: number, place: ToolPlace): Span[] {
  const started = new Map<string, ToolStarted>();
  for (const entry of entries) if (entry.type === 'tool_started') started.set(keyOf(entry), entry);
  const done = entries.filter((entry) => entry.type === 'tool');
  const doneKeys = new Set(done.map(keyOf));
  return [
    ...done.map((entry) => doneSpan(entry, started.get(keyOf(entry)), place)),
    ...[...started.values()]
      .filter((entry) => !doneKeys.has(keyOf(entry)))
      .map((entry) => openSpan(entry, findArguments(entries, entry), { ...place, endMs })),
  ];
}

function doneSpan(entry: ToolEntry, started: ToolStarted | undefined, place: ToolPlace): Span {
  const { failure } = entry;
  return {
    ...baseOf(entry, place),
    startMs: entry.startMs,
    endMs: entry.endMs,
    attributes: {
      ...place.identity,
      ...callAttributes(entry, entry.arguments, place),
      ...attributesOf({
        'gen_ai.tool.call.result': place.keep.payload(entry.text),
        'error.type': failure,
        'sightglass.tool.type': entry.toolType,
        'sightglass.tool.side_effect': started?.sideEffect,
        'sightglass.tool.attempts': entry.attempts,
        'sightglass.tool.cut_from_bytes': entry.cutFromBytes,
        'sightglass.tool.session.id': entry.turn?.sessionId,
        'sightglass.tool.turn.id': entry.turn?.turnId,
      }),
    },
    // Masked as a whole: half a number is no pattern any more.
    error: failure && { message: place.keep.text(entry.text)?.slice(0, messageLength).toWellFormed() ?? '' },
  };
}

/** The status of a span is a line, not a payload. */
const messageLength = 500;

function openSpan(started: ToolStarted, args: string | undefined, place: ToolPlace & { endMs: number }): Span {
  const isWrite = started.sideEffect === 'write';
  return {
    ...baseOf(started, place),
    startMs: started.atMs,
    endMs: Math.max(started.atMs, place.endMs),
    attributes: {
      ...place.identity,
      ...callAttributes(started, args, place),
      'error.type': isWrite ? 'outcome_unknown' : 'cancelled',
      'sightglass.tool.side_effect': started.sideEffect,
    },
    error: { message: `The turn ended before a result came${isWrite ? ': it may have happened' : ''}.` },
  };
}

function baseOf(
  call: { step: number; callId: string; name: string },
  place: ToolPlace,
): Pick<Span, 'traceId' | 'spanId' | 'parent' | 'name' | 'kind'> {
  return {
    traceId: place.traceId,
    spanId: place.spanId(call),
    parent: { spanId: place.parentSpanId, isRemote: false },
    name: `execute_tool ${call.name}`,
    kind: 'internal',
  };
}

function callAttributes(
  { name, callId, step }: { name: string; callId: string; step: number },
  args: string | undefined,
  { keep, tools }: ToolPlace,
): SpanAttributes {
  return attributesOf({
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': name,
    'gen_ai.tool.type': 'function',
    'gen_ai.tool.description': tools.find((tool) => tool.name === name)?.description,
    'gen_ai.tool.call.id': callId,
    'gen_ai.tool.call.arguments': args === undefined ? undefined : keep.payload(args),
    'sightglass.step': step,
  });
}

function findArguments(entries: readonly Entry[], { step, callId }: ToolStarted): string | undefined {
  const asked = entries.find((entry) => entry.type === 'step' && entry.step === step);
  return asked?.type === 'step' ? asked.toolCalls.find(({ id }) => id === callId)?.arguments : undefined;
}

/** A provider may give the same call id in two steps. */
function keyOf({ step, callId }: { step: number; callId: string }): string {
  return `${step} ${callId}`;
}
