import type { Message } from '../models/model.ts';
import { buildMessages } from '../run/conversation.ts';
import type { CompactedEntry, Entry, StepEntry } from '../sessions/record.ts';
import { answeredAttributes, givenAttributes, type OfferedTool } from './message-json.ts';
import { modelCallSpans } from './model-call-spans.ts';
import { rootSpan } from './root-span.ts';
import { toolPart, turnSpanId } from './span-ids.ts';
import { attributesOf, type Span, type SpanAttributes } from './span.ts';
import { toolSpans } from './tool-spans.ts';
import { type Place, placeOf, type TurnRecord } from './turn-record.ts';

/**
 * The spans of a turn that ended: `invoke_agent`, below it a `chat` for every try of a model and an `execute_tool` for every call of
 * a tool. Pure: the same record gives the same spans, ids included, whoever derives them and as often as it is done.
 */
export function turnSpans(record: TurnRecord): Span[] {
  const { turn } = record;
  if (turn.end === null) return [];
  const place = placeOf(record);
  const offered = describeOffered(record);
  return [
    rootSpan(record, turn.end, { ...place, given: firstGiven(record, place) }),
    ...turn.entries.flatMap((entry, number) => {
      if (entry.type === 'step') return stepSpans(record, entry, turn.entries.slice(0, number), place);
      if (entry.type === 'compacted') return summarySpans(record, entry, number, place);
      return [];
    }),
    ...toolSpans(turn.entries, turn.end.atMs, {
      ...place,
      spanId: (call) => turnSpanId(turn, toolPart(call)),
      tools: offered,
    }),
  ];
}

function stepSpans(record: TurnRecord, step: StepEntry, before: readonly Entry[], place: Place): Span[] {
  const { saw } = step;
  const given = givenAttributes(
    { messages: messagesBefore(record, before, saw.fromTurn), tools: pickTools(record.agent.tools, saw.tools) },
    place.keep,
  );
  const settings = attributesOf({
    'gen_ai.request.temperature': saw.temperature,
    'gen_ai.request.max_tokens': saw.maxOutputTokens,
    'sightglass.step': step.step,
    // What the agent declares and could not be offered.
    'sightglass.missing_tools': saw.missing,
  });
  return modelCallSpans(
    step,
    { given: { ...settings, ...given }, answered: answeredAttributes(step, place.keep) },
    { ...place, spanId: (attempt) => turnSpanId(record.turn, `chat ${step.step} ${attempt}`) },
  );
}

/** The call that wrote the summary of older turns, if one did. */
function summarySpans({ turn }: TurnRecord, { call, summary }: CompactedEntry, number: number, place: Place): Span[] {
  if (call === undefined) return [];
  const answered = answeredAttributes(
    { text: summary ?? '', toolCalls: [], finishReason: call.finishReason },
    place.keep,
  );
  return modelCallSpans(
    call,
    { given: { 'sightglass.purpose': 'summarize' }, answered },
    { ...place, spanId: (attempt) => turnSpanId(turn, `summary ${number} ${attempt}`) },
  );
}

/** Without a step, nothing was given: then what would have been. */
function firstGiven(record: TurnRecord, { keep }: Place): SpanAttributes {
  const { entries } = record.turn;
  const step = entries.find((entry) => entry.type === 'step');
  const before = step === undefined ? entries : entries.slice(0, entries.indexOf(step));
  return givenAttributes({ messages: messagesBefore(record, before, step?.saw.fromTurn ?? 1), tools: [] }, keep);
}

function messagesBefore(
  { session, earlier, turn, agent }: TurnRecord,
  entries: readonly Entry[],
  fromTurn: number,
): Message[] {
  const conversation = { instructions: agent.instructions, session, earlier, turn: { ...turn, entries } };
  return buildMessages(conversation, fromTurn);
}

/** The tools that any step was offered. */
function describeOffered({ turn, agent }: TurnRecord): OfferedTool[] {
  return pickTools(agent.tools, [
    ...new Set(turn.entries.flatMap((entry) => (entry.type === 'step' ? entry.saw.tools : []))),
  ]);
}

function pickTools(tools: readonly OfferedTool[], names: readonly string[]): OfferedTool[] {
  return names.map((name) => tools.find((tool) => tool.name === name) ?? { name });
}
