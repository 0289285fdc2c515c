import type { Message, ModelRequest } from './model.ts';

/** Longer messages are read up to here when something is looked for in them. */
const readLength = 20_000;

/** A conversation as a simulated model understands it. */
export interface Reading {
  system: string;
  /** Of the user, oldest first. */
  userTexts: readonly string[];
  lastUser: string;
  /** What the runtime itself asks for, as the last thing: a summary, an answer of another form. */
  notice: string;
  /** The answer before the last message of the user. */
  lastAnswer: string;
  /** Since the user wrote, oldest first. */
  results: readonly Result[];
  /** Those that came after the last model call: empty where the user has just written. */
  latest: readonly Result[];
  /** Of the turns before, oldest first. */
  earlier: readonly Result[];
}

export interface Result {
  tool: string;
  /** As the model called it, JSON. */
  arguments: string;
  text: string;
  /** The text as JSON, where it is. */
  value: unknown;
  isError: boolean;
}

export function readConversation({ messages }: Pick<ModelRequest, 'messages'>): Reading {
  const lastUserAt = messages.findLastIndex(isOfUser);
  const lastAnswerAt = messages.findLastIndex(({ role }) => role === 'assistant');
  const userTexts = messages.flatMap((message) => (isOfUser(message) ? [textOf(message)] : []));
  const last = messages.at(-1);
  const answers = messages.slice(0, Math.max(lastUserAt, 0)).filter(({ role }) => role === 'assistant');
  return {
    system: messages.flatMap((message) => (message.role === 'system' ? [message.text] : [])).join('\n'),
    userTexts,
    lastUser: userTexts.at(-1) ?? '',
    notice: last?.role === 'user' && !isOfUser(last) ? textOf(last) : '',
    lastAnswer: answers.map(textOf).at(-1) ?? '',
    results: readResults(messages, lastUserAt + 1),
    latest: lastAnswerAt > lastUserAt ? readResults(messages, lastAnswerAt + 1) : [],
    earlier: readResults(messages, 0, Math.max(lastUserAt, 0)),
  };
}

/** Where the user speaks, not the runtime in its name. */
export function isOfUser(message: Message): boolean {
  return message.role === 'user' && message.isNotice !== true;
}

function readResults(messages: readonly Message[], from: number, to = messages.length): Result[] {
  return messages.slice(from, to).flatMap((message) => {
    if (message.role !== 'tool') return [];
    const { name: tool, text, isError, callId } = message;
    return [{ tool, arguments: findArguments(messages, callId), text, value: readJson(text), isError }];
  });
}

function findArguments(messages: readonly Message[], callId: string): string {
  for (const message of messages.toReversed()) {
    if (message.role !== 'assistant') continue;
    const call = message.toolCalls.find(({ id }) => id === callId);
    if (call !== undefined) return call.arguments;
  }
  return '{}';
}

function textOf(message: Message): string {
  if (message.role !== 'user') return message.text.slice(0, readLength);
  const texts = message.content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  return texts.join('\n').slice(0, readLength);
}

/** Text that is no JSON is its own value; so are notices around JSON. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
