import type { Message, UserPart } from '../models/model.ts';
import type { Session, Turn } from '../sessions/record.ts';
import { asksSame } from '../run/conversation.ts';
import { findEndError } from './completion.ts';
import { describeEnd } from './describe-end.ts';

type UserMessage = Extract<Message, { role: 'user' }>;
type SaidMessage = Extract<Message, { role: 'user' | 'assistant' }>;

/** What a request adds to a session. */
export type Matched =
  /** New messages; `afterTurn`: the last turn that the client has seen, if it sent its history. */
  | { status: 'new'; messages: UserMessage[]; afterTurn: number | undefined }
  /** The turn that was asked with these messages, and runs or is answered already. */
  | { status: 'known'; turn: Turn }
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
 * request without any answer of the assistant may also hold new messages only. Messages whose turn failed may be sent again; the
 * history without its last answer is the request for that answer.
 */
export function matchHistory(sent: readonly SaidMessage[], session: Session, turns: readonly Turn[]): Matched {
  const matched = matchWhole(sent, session, turns);
  const isNewOnly = sent.length > 0 && sent.every(({ role }) => role === 'user');
  return matched.status === 'mismatch' && isNewOnly ? addNew(sent, 0, undefined) : matched;
}

function matchWhole(sent: readonly SaidMessage[], session: Session, turns: readonly Turn[]): Matched {
  const last = turns.at(-1);
  let reached = matchAll(sent, session.imported.flatMap(saidBefore), new Set([0]));
  for (const [index, turn] of turns.entries()) {
    if (reached instanceof Mismatch) break;
    const after = matchAll(sent, saidIn(turn), reached);
    if (mayBeLeftOut(turn, turns[index + 1])) reached = after instanceof Mismatch ? reached : reached.union(after);
    else reached = after;
  }
  if (reached instanceof Mismatch) {
    const isAnswerMissing =
      reached.role === 'assistant' && reached.turn === last?.number && reached.place === sent.length;
    return isAnswerMissing ? { status: 'known', turn: last } : mismatch(reached.describe(sent));
  }
  const place = Math.max(...reached);
  if (place < sent.length) return addNew(sent, place, last?.number ?? 0);
  if (last === undefined || sent.at(-1)?.role !== 'user')
    return mismatch('messages have nothing that the session does not have already');
  if (last.end === null) return { status: 'known', turn: last };
  const messages = last.input.messages.map(({ content }): UserMessage => ({ role: 'user', content }));
  return { status: 'new', messages, afterTurn: last.number };
}

/** Clients drop a question that ended in an error; who asked again may have it once, or twice with what came of it. */
function mayBeLeftOut(turn: Turn, next: Turn | undefined): boolean {
  if (turn.end !== null && findEndError(turn.end) !== undefined) return true;
  return next !== undefined && turn.end?.state !== 'completed' && asksSame(turn, next);
}

/** Up to where what was sent may match so far: in more than one way where something may be left out. */
type Reached = ReadonlySet<number> | Mismatch;

class Mismatch {
  readonly place: number;
  readonly role: Said['role'];
  readonly turn: number;

  constructor(place: number, { role, turn }: Said) {
    this.place = place;
    this.role = role;
    this.turn = turn;
  }

  describe(sent: readonly SaidMessage[]): string {
    if (this.place === sent.length) return `messages end before turn ${this.turn} of the session does`;
    const where = this.turn === 0 ? 'what the session began with' : `what turn ${this.turn} of the session says`;
    return `messages[${this.place}] is not ${where}`;
  }
}

function matchAll(sent: readonly SaidMessage[], said: readonly Said[], from: ReadonlySet<number>): Reached {
  let reached = from;
  for (const one of said) {
    const after = new Set<number>(one.isOptional ? reached : []);
    for (const place of reached) {
      const next = sent[place];
      if (next?.role === one.role && one.texts.includes(textOf(next))) after.add(place + 1);
    }
    if (after.size === 0) return new Mismatch(Math.max(...reached), one);
    reached = after;
  }
  return reached;
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
