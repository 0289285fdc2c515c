import type { Message } from '../contract/messages.ts';
import { readStoredMessage } from '../domain/stored-message.ts';
import { lastSpoken } from '../domain/turn-outcome.ts';
import type { Db } from './db.ts';
import { type MessagePlace, prefixOf, readPlacedBodies, readPlacedRoles } from './placed-messages.ts';
import { readNamedMessages } from './session-named.ts';
import type { SessionSpan } from './session-spans.ts';

/** How far back from the end of what a call was given the user's words are looked for. */
const spokenMax = 50;

/** The two ends of a turn. */
export interface TurnEnds {
  opener: SessionSpan | undefined;
  answer: SessionSpan | undefined;
  /** User messages that the session had been given before. */
  spokenBefore: number;
}

/**
 * What each turn began with and what was answered last, content of log records included; in the order of the turns. One query
 * of the messages where each turn began with one message and spans name them: a history is not read to find its end.
 */
export async function readTurnMessages(
  db: Db,
  projectId: string,
  turns: readonly TurnEnds[],
): Promise<{ input: Message[]; output: Message[] }[]> {
  const named = await readNamedMessages(db, projectId, turns.flatMap(unnamed));
  const places = turns.map((turn) => ({ input: inputOf(turn, named), output: outputOf(turn, named) }));
  const given = places.flatMap(({ input }) => (input.isHistory ? input.places : []));
  const roles = await readPlacedRoles(db, projectId, given);
  const wanted = places.map(({ input, output }) => ({
    input: input.isHistory ? spokenOf(input.places, roles) : input.places,
    output,
  }));
  const bodies = await readPlacedBodies(
    db,
    projectId,
    wanted.flatMap(({ input, output }) => [...input, ...output]),
  );
  const read = (list: readonly MessagePlace[]) =>
    list.flatMap(({ prefix }) => bodies.get(prefix) ?? []).map(readStoredMessage);
  return wanted.map(({ input, output }) => ({ input: read(input), output: read(output) }));
}

type Named = Awaited<ReturnType<typeof readNamedMessages>>;

/** The spans whose lists of messages have to be read. */
function unnamed(turn: TurnEnds): SessionSpan[] {
  const { opener, answer } = turn;
  const spans: SessionSpan[] = [];
  if (opener !== undefined && !beganWithOne(turn)) spans.push(opener);
  if (answer?.isOutputRecorded === true) spans.push(answer);
  return spans;
}

/** One user message more than before, or just one: the span itself says which. */
function beganWithOne({ opener, spokenBefore }: TurnEnds): boolean {
  if (opener === undefined || opener.isInputRecorded) return false;
  const { userMessageCount } = opener.given;
  return userMessageCount === 1 || userMessageCount === spokenBefore + 1;
}

function inputOf(turn: TurnEnds, named: Named): { places: MessagePlace[]; isHistory: boolean } {
  const { opener } = turn;
  if (opener === undefined) return { places: [], isHistory: false };
  if (!beganWithOne(turn)) return { places: named.get(opener.key)?.input.slice(-spokenMax) ?? [], isHistory: true };
  const { week, conversation, given } = opener;
  return { places: [{ week, conversation, prefix: given.lastUserMessage }], isHistory: false };
}

function outputOf({ answer }: TurnEnds, named: Named): MessagePlace[] {
  if (answer === undefined) return [];
  if (answer.isOutputRecorded) return named.get(answer.key)?.output ?? [];
  const { week, conversation, outputMessages } = answer;
  return outputMessages.map((hash) => ({ week, conversation, prefix: prefixOf(hash) }));
}

function spokenOf(places: readonly MessagePlace[], roles: ReadonlyMap<bigint, string>): MessagePlace[] {
  return lastSpoken(places.map((place) => ({ ...place, role: roles.get(place.prefix) ?? '' })));
}
