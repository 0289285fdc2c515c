import { buildMessages } from '../run/conversation.ts';
import type { CompactedEntry, StepEntry } from '../sessions/record.ts';
import { answeredAttributes, givenAttributes, offeredAttributes, type OfferedTool } from './message-json.ts';
import { modelCallSpans } from './model-call-spans.ts';
import { rootSpan } from './root-span.ts';
import { toolPart, turnSpanId } from './span-ids.ts';
import { attributesOf, type Span, type SpanAttributes } from './span.ts';
import { type ToolPlace, toolSpans } from './tool-spans.ts';
import { type Place, placeOf, type TurnRecord } from './turn-record.ts';

/**
 * The spans of a turn that ended: `invoke_agent`, below it a `chat` for every try of a model and an `execute_tool` for every call of
 * a tool. Pure: the same record gives the same spans, ids included, whoever derives them and as often as it is done.
 */
export function turnSpans(record: TurnRecord): Span[] {
  const { turn } = record;
  if (turn.end === null) return [];
  const place = placeOf(record);
  const { firstGiven, spans } = callSpans(record, place);
  return [
    rootSpan(record, turn.end, { ...place, given: firstGiven }),
    ...spans,
    ...toolSpans(turn.entries, turn.end.atMs, toolPlaceOf(record, place)),
  ];
}

/**
 * Of a turn that waits: the calls of models and tools that it has made, so that what they cost is known. When the turn has ended the
 * same spans come again, below their root.
 */
export function doneSpans(record: TurnRecord): Span[] {
  const { turn } = record;
  const place = placeOf(record);
  // A tool that was begun is called again, or its result is waited for.
  const done = turn.entries.filter(
    (entry) =>
      entry.type !== 'tool_started' ||
      turn.entries.some((one) => one.type === 'tool' && one.step === entry.step && one.callId === entry.callId),
  );
  return [...callSpans(record, place).spans, ...toolSpans(done, 0, toolPlaceOf(record, place))];
}

/** Of models, and what the first of them was given. */
function callSpans(record: TurnRecord, place: Place): { firstGiven: SpanAttributes; spans: Span[] } {
  const { entries } = record.turn;
  const firstStep = entries.findIndex(({ type }) => type === 'step');
  const firstGiven = describeGiven(record, firstStep, place);
  const spans = entries.flatMap((entry, number) => {
    if (entry.type === 'step') {
      const given = number === firstStep ? firstGiven : describeGiven(record, number, place);
      return stepSpans(record, entry, { ...place, given });
    }
    if (entry.type === 'compacted') return summarySpans(record, entry, number, place);
    return [];
  });
  return { firstGiven, spans };
}

function toolPlaceOf(record: TurnRecord, place: Place): ToolPlace {
  return {
    ...place,
    spanId: (call) => turnSpanId(record.turn, toolPart(call)),
    tools: describeOffered(record),
  };
}

function stepSpans(
  record: TurnRecord,
  step: StepEntry,
  { given, ...place }: Place & { given: SpanAttributes },
): Span[] {
  const { saw } = step;
  const offered = offeredAttributes(pickTools(record.agent.tools, saw.tools), place.keep);
  const settings = attributesOf({
    'gen_ai.request.temperature': saw.temperature,
    'gen_ai.request.max_tokens': saw.maxOutputTokens,
    'sightglass.step': step.step,
    // What the agent declares and could not be offered.
    'sightglass.missing_tools': saw.missing,
  });
  return modelCallSpans(
    step,
    { given: { ...settings, ...given, ...offered }, answered: answeredAttributes(step, place.keep) },
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

/** What the step at this place was given. Without a step (-1), nothing was: then what would have been. */
function describeGiven({ session, earlier, turn, agent }: TurnRecord, place: number, { keep }: Place): SpanAttributes {
  const step = turn.entries[place];
  const entries = place === -1 ? turn.entries : turn.entries.slice(0, place);
  const conversation = { instructions: agent.instructions, session, earlier, turn: { ...turn, entries } };
  return givenAttributes(buildMessages(conversation, step?.type === 'step' ? step.saw.fromTurn : 1), keep);
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
