import type { Message, UserPart } from '../models/model.ts';
import type { Session, Turn } from '../sessions/record.ts';
import { wasAskedAgain } from '../run/conversation.ts';
import { describeEnd } from './describe-end.ts';

type UserMessage = Extract<Message, { role: 'user' }>;
type SaidMessage = Extract<Message, { role: 'user' | 'assistant' }>;

/** What a request adds to a session. */
export type Matched =
  /** New messages; `afterTurn`: the last turn that the client has seen, if it sent its history. */
  | { status: 'new'; messages: UserMessage[]; afterTurn: number | undefined }
  /** The turn that answers these messages already runs. */
  | { status: 'open'; turn: Turn }
  | { status: 'mismatch'; message: string };

/** One thing that was said, as a client has it. */
interface Said {
  role: 'user' | 'assistant';
  /** Any of these is the same. */
  texts: string[];
  /** A client may not have it: the answer broke off. */
  isOptional: boolean;
  turn: number;
}

/**
 * Compares what a client sends with what is stored. Clients resend their history: what matches is skipped, the rest is new. A
 * request without any answer of the assistant may also hold new messages only. Messages whose turn failed may be sent again.
 */
export function matchHistory(sent: readonly SaidMessage[], session: Session, turns: readonly Turn[]): Matched {
  const matched = matchWhole(sent, session, turns);
  const isHistory = sent.some(({ role }) => role === 'assistant');
  return matched.status === 'mismatch' && !isHistory ? addNew(sent, 0, undefined) : matched;
}

function matchWhole(sent: readonly SaidMessage[], session: Session, turns: readonly Turn[]): Matched {
  const lasting = turns.filter((turn, place) => !wasAskedAgain(turn, turns[place + 1]));
  const said = [...session.imported.flatMap(saidBefore), ...lasting.flatMap(saidIn)];
  let place = 0;
  for (const one of said) {
    const next = sent[place];
    if (next?.role === one.role && one.texts.includes(textOf(next))) place += 1;
    else if (!one.isOptional) {
      if (next === undefined) return mismatch(`messages end before turn ${one.turn} of the session does`);
      const where = one.turn === 0 ? 'what the session began with' : `what turn ${one.turn} of the session says`;
      return mismatch(`messages[${place}] is not ${where}`);
    }
  }
  const last = turns.at(-1);
  if (place < sent.length) return addNew(sent, place, last?.number ?? 0);
  if (last === undefined || sent.at(-1)?.role !== 'user')
    return mismatch('messages have nothing that the session does not have already');
  if (last.end === null) return { status: 'open', turn: last };
  const messages = last.input.messages.map(({ content }): UserMessage => ({ role: 'user', content }));
  return { status: 'new', messages, afterTurn: last.number };
}

/** A new session: the user's last messages are asked, what comes before is its history. */
export function splitFirst(
  sent: readonly SaidMessage[],
): { imported: SaidMessage[]; messages: UserMessage[] } | undefined {
  const lastAnswer = sent.findLastIndex(({ role }) => role === 'assistant');
  const messages = sent.slice(lastAnswer + 1).filter((one) => one.role === 'user');
  return messages.length === 0 ? undefined : { imported: sent.slice(0, lastAnswer + 1), messages };
}

function addNew(sent: readonly SaidMessage[], from: number, afterTurn: number | undefined): Matched {
  const messages: UserMessage[] = [];
  for (const [place, message] of sent.slice(from).entries()) {
    if (message.role === 'assistant')
      return mismatch(`messages[${from + place}] is an answer that the session does not have`);
    messages.push(message);
  }
  return { status: 'new', messages, afterTurn };
}

function mismatch(message: string): Matched {
  return { status: 'mismatch', message };
}

function saidBefore(message: Message): Said[] {
  if (message.role !== 'user' && message.role !== 'assistant') return [];
  return [{ role: message.role, texts: [textOf(message)], isOptional: false, turn: 0 }];
}

function saidIn({ number, input, end }: Turn): Said[] {
  const asked = input.messages.map(({ content }): Said => ({
    role: 'user',
    texts: [partsText(content)],
    isOptional: false,
    turn: number,
  }));
  const texts = end === null ? [] : [end.text, describeEnd(end)];
  return [...asked, { role: 'assistant', texts, isOptional: end?.state !== 'completed', turn: number }];
}

function textOf(message: SaidMessage): string {
  return message.role === 'assistant' ? message.text : partsText(message.content);
}

function partsText(content: readonly UserPart[]): string {
  return JSON.stringify(content.map((part) => (part.type === 'text' ? part.text : [part.url])));
}
