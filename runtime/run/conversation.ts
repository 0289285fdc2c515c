import type { Message, UserPart } from '../models/model.ts';
import type { CompactedEntry, Entry, Session, StepEntry, ToolEntry, Turn, TurnInput } from '../sessions/record.ts';

/** Where a model call stands in its session. */
export interface Conversation {
  /** As filled in. */
  instructions: string;
  session: Pick<Session, 'imported'>;
  /** The turns before, oldest first. */
  earlier: readonly Turn[];
  /** The turn that calls, with what it did before the call. */
  turn: Pick<Turn, 'number' | 'input' | 'entries'>;
}

/** Characters of a token, on average; what estimates rest on. */
const charactersPerToken = 4;
const imageTokens = 1_000;
/** What a model is told of a call that never got a result. */
const missingResult = 'This call was not carried out: the turn ended before.';

/**
 * What a model is given for the next call of a turn: the system message, what was imported, turns from number `fromTurn` on,
 * and the turn's own steps. Turns that were compacted away are their summary. Every tool call is followed by its result.
 */
export function buildMessages(conversation: Conversation, fromTurn: number): Message[] {
  const { session, earlier, turn } = conversation;
  const compacted = findCompaction(conversation);
  const first = Math.max(fromTurn, compacted?.before ?? 1);
  const kept = earlier.filter(({ number }) => number >= first);
  return [
    { role: 'system', text: describeSystem(conversation, compacted) },
    ...(first <= 1 && compacted === undefined ? session.imported : []),
    ...kept.flatMap((one, place) => turnMessages(one, kept[place + 1] ?? turn)),
    ...inputMessages(turn.input),
    ...entryMessages(turn.entries),
  ];
}

/**
 * The oldest turn that the next call is given, by the agent's bounds: at most `maxTurns` of them (this one included) and about
 * `maxTokens`. The latest `keepTurns` always stay. A turn is left out whole, so no call loses its result.
 */
export function chooseFromTurn(
  conversation: Conversation,
  bounds: { maxTurns?: number | undefined; maxTokens?: number | undefined; keepTurns: number },
): number {
  const { earlier, turn } = conversation;
  const compacted = findCompaction(conversation);
  const imported = compacted === undefined ? conversation.session.imported : [];
  const byTurns = bounds.maxTurns === undefined ? 1 : turn.number - bounds.maxTurns + 1;
  let from = Math.max(1, compacted?.before ?? 1, byTurns);
  if (bounds.maxTokens === undefined) return from;
  const sizes = new Map(
    earlier.map((one, place) => [one.number, estimateTokens(turnMessages(one, earlier[place + 1] ?? turn))]),
  );
  let total = estimateTokens(buildMessages(conversation, from));
  while (total > bounds.maxTokens && from <= turn.number - bounds.keepTurns) {
    total -= (sizes.get(from) ?? 0) + (from === 1 ? estimateTokens(imported) : 0);
    from += 1;
  }
  return from;
}

/** About as many tokens as these messages are. */
export function estimateTokens(messages: readonly Message[]): number {
  let characters = 0;
  for (const message of messages) {
    if (message.role === 'user') for (const part of message.content) characters += partLength(part);
    else characters += message.text.length;
    if (message.role === 'assistant')
      for (const call of message.toolCalls) characters += call.name.length + call.arguments.length;
  }
  return Math.ceil(characters / charactersPerToken);
}

/** Whether something before the turn can still be left out. */
export function hasEarlier({ session, earlier, turn }: Conversation): boolean {
  const compacted = findCompaction({ earlier, turn });
  if (compacted === undefined) return session.imported.length > 0 || earlier.length > 0;
  return compacted.before < turn.number;
}

/** The compaction that holds: the latest one of the session. */
export function findCompaction({ earlier, turn }: Pick<Conversation, 'earlier' | 'turn'>): CompactedEntry | undefined {
  const own = turn.entries.findLast((entry) => entry.type === 'compacted');
  if (own !== undefined) return own;
  for (const { entries } of earlier.toReversed()) {
    const found = entries.findLast((entry) => entry.type === 'compacted');
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What a client saw of a turn: the texts of its steps. */
export function visibleText(entries: readonly Entry[]): string {
  return entries
    .flatMap((entry) => (entry.type === 'step' && entry.text !== '' ? [entry.text] : []))
    .join(textSeparator);
}

/** Between the texts of two steps. */
export const textSeparator = '\n\n';

function partLength(part: UserPart): number {
  return part.type === 'text' ? part.text.length : imageTokens * charactersPerToken;
}

function describeSystem({ instructions, turn }: Conversation, compacted: CompactedEntry | undefined): string {
  const summary = compacted?.summary ?? null;
  const texts = [instructions, ...turn.input.system];
  if (summary !== null) texts.push(`Summary of the conversation before:\n${summary}`);
  return texts.join('\n\n');
}

/** A turn that gave nothing and was asked again by the next one is not said twice. What it did, such as tool calls, stays. */
function wasAskedAgain({ input, entries, end }: Turn, next: Pick<Turn, 'input'>): boolean {
  const gaveNothing = end !== null && end.state !== 'completed' && entryMessages(entries).length === 0;
  return gaveNothing && asksSame({ input }, next);
}

/** Whether two turns were asked the same. */
export function asksSame(one: Pick<Turn, 'input'>, other: Pick<Turn, 'input'>): boolean {
  return JSON.stringify(one.input.messages) === JSON.stringify(other.input.messages);
}

function turnMessages(turn: Turn, next: Pick<Turn, 'input'>): Message[] {
  if (wasAskedAgain(turn, next)) return [];
  return [...inputMessages(turn.input), ...entryMessages(turn.entries)];
}

function inputMessages({ messages }: TurnInput): Message[] {
  return messages.map(({ content }) => ({ role: 'user', content }));
}

function entryMessages(entries: readonly Entry[]): Message[] {
  const results = new Map<string, ToolEntry>();
  for (const entry of entries) if (entry.type === 'tool') results.set(resultKey(entry), entry);
  return entries.flatMap((entry) => {
    if (entry.type === 'step') return stepMessages(entry, results);
    if (entry.type === 'notice') return [noticeMessage(entry.text)];
    return [];
  });
}

function noticeMessage(text: string): Message {
  return { role: 'user', content: [{ type: 'text', text }], isNotice: true };
}

function stepMessages(step: StepEntry, results: ReadonlyMap<string, ToolEntry>): Message[] {
  // A call that failed before it said anything is no message.
  if (step.text === '' && step.toolCalls.length === 0) return [];
  const { text, toolCalls, state } = step;
  const messages: Message[] = [{ role: 'assistant', text, toolCalls, state }];
  for (const call of toolCalls) {
    const result = results.get(resultKey({ step: step.step, callId: call.id }));
    messages.push({
      role: 'tool',
      callId: call.id,
      name: call.name,
      text: result?.text ?? missingResult,
      isError: result === undefined || result.failure !== undefined,
    });
  }
  return messages;
}

/** A provider may give the same call id in two steps. */
function resultKey({ step, callId }: { step: number; callId: string }): string {
  return `${step} ${callId}`;
}
