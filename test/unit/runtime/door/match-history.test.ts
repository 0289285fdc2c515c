import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findEndError } from '../../../../runtime/door/completion.ts';
import { describeEnd } from '../../../../runtime/door/describe-end.ts';
import { matchHistory, splitFirst } from '../../../../runtime/door/match-history.ts';
import type { Message } from '../../../../runtime/models/model.ts';
import type { Session, Turn, TurnEnd } from '../../../../runtime/sessions/record.ts';

type Said = Extract<Message, { role: 'user' | 'assistant' }>;

const user = (text: string): Said => ({ role: 'user', content: [{ type: 'text', text }] });
const assistant = (text: string): Said => ({ role: 'assistant', text, toolCalls: [] });
const completed = (text: string): TurnEnd => ({ state: 'completed', text, atMs: 1 });
const failed: TurnEnd = { state: 'failed', reason: 'model_failed', message: 'no model', text: '', atMs: 1 };

function turn(number: number, asked: string | string[], end: TurnEnd | null): Turn {
  const texts = typeof asked === 'string' ? [asked] : asked;
  return {
    ...{ id: `t${number}`, sessionId: 's', number, state: end?.state ?? 'running', acceptedMs: 0, startedMs: 0 },
    ...{ idempotencyKey: null, contentHash: '', entries: [], end, claims: 1 },
    input: {
      messages: texts.map((text) => ({ content: [{ type: 'text', text }] })),
      ...{ system: [], variables: {}, labels: {}, user: null, traceparent: null },
    },
  };
}

function session(imported: readonly Message[] = []): Session {
  const id = { id: 's', agent: 'a', revision: 'a@1', user: null, parent: null };
  return { ...id, imported, createdMs: 0, expiresMs: 1 };
}

const match = (sent: Said[], turns: Turn[], imported?: Message[]) => matchHistory(sent, session(imported), turns);
const added = (afterTurn: number | undefined, ...texts: string[]) => ({
  status: 'new',
  afterTurn,
  messages: texts.map(user),
});

describe('what a client sends', () => {
  const answered = [turn(1, 'one', completed('ONE')), turn(2, 'two', completed('TWO'))];
  const history = [user('one'), assistant('ONE'), user('two'), assistant('TWO')];

  test('its history and a new message: only that is new', () => {
    expect(match([...history, user('three')], answered)).toEqual(added(2, 'three'));
    expect(match([...history, user('three'), user('four')], answered)).toEqual(added(2, 'three', 'four'));
  });

  test('new messages only: they are added, whatever was said before', () => {
    expect(match([user('three')], answered)).toEqual(added(undefined, 'three'));
    expect(match([user('one')], answered)).toEqual(added(undefined, 'one'));
  });

  test('the history without its last answer: the turn of that answer', () => {
    expect(match(history.slice(0, 3), answered)).toEqual({ status: 'known', turn: answered[1] });
  });

  test.each([
    { what: 'a changed question', sent: [user('ONE?'), ...history.slice(1), user('x')], at: 0, in: 1 },
    { what: 'a changed answer', sent: [...history.slice(0, 3), assistant('2'), user('x')], at: 3, in: 2 },
    { what: 'a missing answer', sent: [history[0], ...history.slice(2), user('x')] as Said[], at: 1, in: 1 },
    { what: 'a history that goes on otherwise', sent: [...history.slice(0, 2), user('x')], at: 2, in: 2 },
  ])('$what: a mismatch that says where', ({ sent, at, in: number }) => {
    const message = `messages[${at}] is not what turn ${number} of the session says`;
    expect(match(sent, answered)).toEqual({ status: 'mismatch', message });
  });

  test('a history that is too short, says nothing new, or has answers of its own', () => {
    const mismatch = (message: string) => ({ status: 'mismatch', message });
    expect(match(history.slice(0, 2), answered)).toEqual(mismatch('messages end before turn 2 of the session does'));
    expect(match(history, answered)).toEqual(mismatch('messages have nothing that the session does not have already'));
    expect(match([...history, assistant('THREE'), user('x')], answered)).toEqual(
      mismatch('messages[4] is an answer that the session does not have'),
    );
    expect(match([...history, user('x'), assistant('THREE')], answered)).toEqual(
      mismatch('messages[5] is an answer that the session does not have'),
    );
    expect(match([], answered)).toEqual(mismatch('messages end before turn 1 of the session does'));
  });

  test('what the session began with belongs to the history', () => {
    const imported = [user('before'), assistant('noted')];
    const turns = [turn(1, 'one', completed('ONE'))];
    const sent = [...imported, user('one'), assistant('ONE'), user('two')];
    expect(match(sent, turns, imported)).toEqual(added(1, 'two'));
    expect(match([user('BEFORE'), ...sent.slice(1)], turns, imported)).toEqual({
      status: 'mismatch',
      message: 'messages[0] is not what the session began with',
    });
  });

  test('the question of a turn that runs: that turn', () => {
    const open = [...answered, turn(3, 'three', null)];
    expect(match([...history, user('three')], open)).toEqual({ status: 'known', turn: open[2] });
    expect(match([...history, user('three'), user('four')], open)).toEqual(added(3, 'four'));
  });

  test('a question that ended in an error: again, together with another one, or not at all', () => {
    const turns = [...answered, turn(3, 'three', failed)];
    expect(match([...history, user('three')], turns)).toEqual(added(3, 'three'));
    expect(match([...history, user('three'), user('four')], turns)).toEqual(added(3, 'four'));
    expect(match([...history, user('other')], turns)).toEqual(added(3, 'other'));
  });

  test.each<TurnEnd>([
    failed,
    { ...failed, text: 'half of it' },
    { state: 'failed', reason: 'output_invalid', text: '{', atMs: 1 },
    { state: 'cancelled', reason: 'cancelled', text: '', atMs: 1 },
    { state: 'cancelled', reason: 'cancelled', text: 'half of it', atMs: 1 },
    { state: 'interrupted', reason: 'stream_cut', message: 'cut', text: 'half of it', atMs: 1 },
    { state: 'limited', reason: 'max_steps', message: 'too many', text: '', atMs: 1 },
  ])('a question that was asked again after it ended %j stands once or twice', (end) => {
    const turns = [...answered, turn(3, 'three', end), turn(4, 'three', end), turn(5, 'three', completed('THREE'))];
    const said = [user('three'), assistant('THREE'), user('four')];
    expect(match([...history, ...said], turns)).toEqual(added(5, 'four'));
    expect(match([...history, user('three'), ...said], turns)).toEqual(added(5, 'four'));
    expect(match([...history, user('three'), assistant(describeEnd(end)), ...said], turns)).toEqual(added(5, 'four'));
    expect(match([...history, user('three'), assistant('something else'), ...said], turns).status).toBe('mismatch');
  });

  test('images count by their address', () => {
    const shown = (url: string): Said => ({ role: 'user', content: [{ type: 'image', url }] });
    const asked = turn(1, 'x', completed('A cat.'));
    const turns = [
      { ...asked, input: { ...asked.input, messages: [{ content: [{ type: 'image' as const, url: 'data:a' }] }] } },
    ];
    expect(match([shown('data:a'), assistant('A cat.'), user('two')], turns)).toEqual(added(1, 'two'));
    expect(match([shown('data:b'), assistant('A cat.'), user('two')], turns).status).toBe('mismatch');
  });

  test('thousands of turns that failed are compared in no time', () => {
    const turns = Array.from({ length: 3_000 }, (_, i) => turn(i + 1, 'same', failed));
    expect(match([user('same'), user('new')], turns).status).toBe('new');
  });
});

describe('a client that keeps what it saw', () => {
  const text = fc.string({ maxLength: 3 });
  const words = fc.constantFrom('a', 'b', 'c');
  const end: fc.Arbitrary<TurnEnd> = fc.oneof(
    text.map(completed),
    fc.record({
      state: fc.constantFrom('failed' as const, 'interrupted' as const, 'cancelled' as const, 'limited' as const),
      message: fc.constantFrom('why', undefined),
      text,
      atMs: fc.constant(1),
    }),
  );
  /** A turn: what is asked, its end, and whether a client asks the same again where it can. */
  const steps = fc.array(
    fc.record({ asked: fc.array(words, { minLength: 1, maxLength: 2 }), end, again: fc.boolean() }),
    {
      maxLength: 6,
    },
  );

  /** Plays a conversation: what is stored of it, and what the client has. */
  function play(planned: { asked: string[]; end: TurnEnd; again: boolean }[]) {
    const turns: Turn[] = [];
    let has: Said[] = [];
    let isAgain = false;
    for (const { asked, end: ended, again } of planned) {
      if (!isAgain) has = [...has, ...asked.map(user)];
      const matched = match(has, turns);
      if (matched.status !== 'new') throw new Error(`turn ${turns.length + 1}: ${JSON.stringify(matched)}`);
      const texts = matched.messages.map(({ content }) => (content[0]?.type === 'text' ? content[0].text : ''));
      turns.push(turn(turns.length + 1, texts, ended));
      const isError = findEndError(ended) !== undefined;
      if (!isError) has = [...has, assistant(describeEnd(ended))];
      isAgain = isError && again;
    }
    return { turns, has };
  }

  test('is always accepted, and adds just its new messages', () => {
    fc.assert(
      fc.property(steps, fc.array(fc.constantFrom('x', 'y'), { minLength: 1, maxLength: 3 }), (planned, next) => {
        const { turns, has } = play(planned);
        const matched = match([...has, ...next.map(user)], turns);
        expect(matched).toEqual(added(turns.length === 0 ? 0 : turns.length, ...next));
      }),
      { numRuns: 2_000 },
    );
  });

  test('is refused with any message changed of a turn that was answered', () => {
    fc.assert(
      fc.property(steps, fc.nat(), (planned, where) => {
        const whole = planned.map((one) => ({ ...one, end: completed(one.end.text) }));
        const { turns, has } = play(whole);
        fc.pre(has.length > 0);
        const place = where % has.length;
        const changed = has.map((one, i) => (i !== place ? one : one.role === 'user' ? user('z') : assistant('zzzz')));
        expect(match([...changed, user('new')], turns).status).toBe('mismatch');
      }),
      { numRuns: 1_000 },
    );
  });
});

test('a new session is asked with what comes behind the last answer, and begins with the rest', () => {
  expect(splitFirst([user('a')])).toEqual({ imported: [], messages: [user('a')] });
  expect(splitFirst([user('a'), assistant('A'), user('b'), user('c')])).toEqual({
    imported: [user('a'), assistant('A')],
    messages: [user('b'), user('c')],
  });
  expect(splitFirst([user('a'), assistant('A')])).toBeUndefined();
  expect(splitFirst([])).toBeUndefined();
});
