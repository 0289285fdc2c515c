import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Skeleton } from '../../../../../server/domain/settlement/skeleton.ts';
import { TraceTree } from '../../../../../server/domain/settlement/trace-tree.ts';
import {
  cutTrace,
  type GivenMessages,
  joinTurns,
  type SessionTurn,
  type TraceTurn,
} from '../../../../../server/domain/settlement/turns.ts';
import { span } from './skeletons.ts';

interface Said {
  id: string;
  /** Seconds. */
  at: number;
  until?: number;
  parent?: string;
  kind?: Skeleton['kind'];
  /** What it was given: each letter a message, upper case the user's (`Ab C`): equal letters are equal messages. */
  given?: string;
  session?: string;
  isError?: boolean;
}

const seconds = (value: number) => BigInt(Math.round(value * 1_000_000)) * 1_000n;

function read(traceId: string, said: readonly Said[]): { spans: Skeleton[]; given: Map<Skeleton, GivenMessages> } {
  const given = new Map<Skeleton, GivenMessages>();
  const spans = said.map(
    ({ id, at, until = at + 1, parent = '', kind = 'llm', session = 's', isError = false, ...rest }) => {
      const fields = { traceId, parentSpanId: parent, kind, sessionId: session, isError };
      const skeleton = span(id, { ...fields, startNs: seconds(at), endNs: seconds(until) });
      const messages = Array.from(rest.given ?? '');
      const ofUser = messages.filter((letter) => letter !== letter.toLowerCase());
      if (messages.length > 0) {
        given.set(skeleton, {
          inputMessageCount: messages.length,
          userMessageCount: ofUser.length,
          lastUserMessage: BigInt(ofUser.at(-1)?.charCodeAt(0) ?? 0),
        });
      }
      return skeleton;
    },
  );
  return { spans, given };
}

function cut(traceId: string, said: readonly Said[], session = 's'): TraceTurn[] {
  const { spans, given } = read(traceId, said);
  return cutTrace(traceId, new TraceTree(spans), given, ({ sessionId }) => sessionId === session);
}

/** Each turn as the traces of its parts and their beginnings in seconds: `a@0 b@4`. */
function show(turns: readonly SessionTurn[]): string[] {
  return turns.map(({ parts }) =>
    parts.map(({ traceId, startNs }) => `${traceId}@${Number(startNs / 1_000_000n) / 1_000}`).join(' '),
  );
}

function session(traces: Readonly<Record<string, readonly Said[]>>, of = 's'): string[] {
  return show(joinTurns(Object.entries(traces).flatMap(([traceId, said]) => cut(traceId, said, of))));
}

describe('turns of a session', () => {
  it.each<[string, Record<string, Said[]>, string[]]>([
    [
      'a trace a turn, with the history sent again',
      {
        a: [{ id: '1', at: 0, given: 'A' }],
        b: [{ id: '1', at: 10, given: 'AbC' }],
        c: [{ id: '1', at: 20, given: 'AbCdE' }],
      },
      ['a@0', 'b@10', 'c@20'],
    ],
    [
      'a trace a turn, without history',
      {
        a: [{ id: '1', at: 0, given: 'A' }],
        b: [{ id: '1', at: 10, given: 'B' }],
        c: [{ id: '1', at: 20, given: 'C' }],
      },
      ['a@0', 'b@10', 'c@20'],
    ],
    [
      'the same message twice, without history',
      { a: [{ id: '1', at: 0, given: 'A' }], b: [{ id: '1', at: 10, given: 'A' }] },
      ['a@0', 'b@10'],
    ],
    [
      'the same message twice, in its history',
      { a: [{ id: '1', at: 0, given: 'A' }], b: [{ id: '1', at: 10, given: 'AbA' }] },
      ['a@0', 'b@10'],
    ],
    [
      'a history that was cut to its end',
      { a: [{ id: '1', at: 0, given: 'AbCdE' }], b: [{ id: '1', at: 10, given: 'EfG' }] },
      ['a@0', 'b@10'],
    ],
    [
      'a tool loop over several traces',
      {
        a: [{ id: '1', at: 0, given: 'A' }],
        b: [{ id: '1', at: 2, kind: 'tool' }],
        c: [{ id: '1', at: 4, given: 'Abc' }],
        d: [{ id: '1', at: 6, given: 'Abcde' }],
        e: [{ id: '1', at: 20, given: 'AbcdefG' }],
        f: [{ id: '1', at: 22, given: 'AbcdefGhi' }],
      },
      ['a@0 b@2 c@4 d@6', 'e@20 f@22'],
    ],
    [
      'a title call beside the main call, in a trace of its own',
      {
        a: [{ id: '1', at: 0, until: 5, given: 'A' }],
        b: [{ id: '1', at: 1, until: 2, given: 'T' }],
        c: [{ id: '1', at: 10, given: 'AbC' }],
      },
      ['a@0 b@1', 'c@10'],
    ],
    [
      'a title call beside the main call, in the same trace',
      {
        a: [
          { id: '1', at: 0, until: 6, kind: 'chain' },
          { id: '2', at: 0, until: 5, parent: '1', given: 'A' },
          { id: '3', at: 1, until: 2, parent: '1', given: 'T' },
        ],
      },
      ['a@0'],
    ],
    [
      'a guard before the agent, inside of it',
      {
        a: [
          { id: '1', at: 0, until: 9, kind: 'agent' },
          { id: '2', at: 1, until: 2, parent: '1', given: 'G' },
          { id: '3', at: 3, until: 4, parent: '1', given: 'A' },
          { id: '4', at: 5, until: 6, parent: '1', given: 'Abc' },
        ],
      },
      ['a@0'],
    ],
    [
      'a sub-agent in a tool',
      {
        a: [
          { id: '1', at: 0, until: 20, kind: 'agent' },
          { id: '2', at: 1, until: 2, parent: '1', given: 'A' },
          { id: '3', at: 3, until: 9, parent: '1', kind: 'tool' },
          { id: '4', at: 4, until: 8, parent: '3', kind: 'agent' },
          { id: '5', at: 5, until: 6, parent: '4', given: 'XyZ' },
          { id: '6', at: 10, until: 11, parent: '1', given: 'Abc' },
        ],
        b: [{ id: '1', at: 30, given: 'AbcdE' }],
      },
      ['a@0', 'b@30'],
    ],
    [
      'an agent inside another',
      {
        a: [
          { id: '1', at: 0, until: 20, kind: 'agent', given: 'A' },
          { id: '2', at: 3, until: 9, parent: '1', kind: 'agent', given: 'XyZ' },
          { id: '3', at: 4, until: 8, parent: '2', given: 'XyZyX' },
        ],
      },
      ['a@0'],
    ],
    [
      'a handoff between agents, with the same message',
      {
        a: [
          { id: '1', at: 0, until: 20, kind: 'chain' },
          { id: '2', at: 1, until: 4, parent: '1', kind: 'agent' },
          { id: '3', at: 2, until: 3, parent: '2', given: 'A' },
          { id: '4', at: 5, until: 9, parent: '1', kind: 'agent' },
          { id: '5', at: 6, until: 8, parent: '4', given: 'Abc' },
        ],
      },
      ['a@0'],
    ],
    [
      'agents that take turns in a workflow, which is called an agent',
      {
        a: [
          { id: '1', at: 0, until: 20, kind: 'agent' },
          { id: '2', at: 1, until: 4, parent: '1', kind: 'agent' },
          { id: '3', at: 2, until: 3, parent: '2', given: 'A' },
          { id: '4', at: 5, until: 9, parent: '1', kind: 'agent' },
          { id: '5', at: 6, until: 8, parent: '4', given: 'Abc' },
          { id: '6', at: 12, until: 15, parent: '1', kind: 'agent' },
          { id: '7', at: 13, until: 14, parent: '6', given: 'AbcD' },
        ],
      },
      ['a@0', 'a@12'],
    ],
    [
      'calls at once, by clocks that know whole milliseconds at the start only',
      {
        a: [{ id: '1', at: 0, until: 0.0341, given: 'A' }],
        b: [{ id: '1', at: 0.034, until: 0.1, given: 'B' }],
      },
      ['a@0', 'b@0.034'],
    ],
    [
      'a retry after an error, in a trace of its own',
      {
        a: [{ id: '1', at: 0, given: 'A', isError: true }],
        b: [{ id: '1', at: 2, given: 'A' }],
        c: [{ id: '1', at: 10, given: 'AbC' }],
      },
      ['a@0 b@2', 'c@10'],
    ],
    [
      'a retry after an error, in the same trace',
      {
        a: [
          { id: '1', at: 0, given: 'A', isError: true },
          { id: '2', at: 2, given: 'A' },
        ],
      },
      ['a@0'],
    ],
    [
      'no content at all',
      { a: [{ id: '1', at: 0 }], b: [{ id: '1', at: 10 }], c: [{ id: '1', at: 5, kind: 'agent' }] },
      ['a@0 c@5 b@10'],
    ],
    [
      'nobody before the first user message',
      { a: [{ id: '1', at: 0, given: 'xy' }], b: [{ id: '1', at: 10, given: 'A' }] },
      ['a@0', 'b@10'],
    ],
    [
      'one trace with several turns',
      {
        a: [
          { id: '1', at: 0, until: 60, kind: 'chain' },
          { id: '2', at: 1, until: 9, parent: '1', kind: 'agent' },
          { id: '3', at: 2, until: 3, parent: '2', given: 'A' },
          { id: '4', at: 4, until: 5, parent: '2', given: 'Abc' },
          { id: '5', at: 20, until: 29, parent: '1', kind: 'agent' },
          { id: '6', at: 21, until: 22, parent: '5', given: 'AbcdE' },
          { id: '7', at: 40, until: 41, parent: '1', given: 'AbcdEfG' },
        ],
      },
      ['a@0', 'a@20', 'a@40'],
    ],
    [
      'several turns in one agent that waits for the user',
      {
        a: [
          { id: '1', at: 0, until: 60, kind: 'agent' },
          { id: '2', at: 1, until: 2, parent: '1', given: 'A' },
          { id: '3', at: 20, until: 22, parent: '1', given: 'AbC' },
        ],
      },
      ['a@0', 'a@20'],
    ],
    [
      'two traces of several turns, one after the other',
      {
        a: [
          { id: '1', at: 0, given: 'A' },
          { id: '2', at: 5, given: 'AbC' },
        ],
        b: [
          { id: '1', at: 10, given: 'AbCdE' },
          { id: '2', at: 15, given: 'AbCdEfG' },
        ],
      },
      ['a@0', 'a@5', 'b@10', 'b@15'],
    ],
    [
      'a step without messages between calls',
      {
        a: [{ id: '1', at: 0, given: 'A' }],
        b: [{ id: '1', at: 3, kind: 'retriever' }],
        c: [{ id: '1', at: 10, given: 'AbC' }],
      },
      ['a@0 b@3', 'c@10'],
    ],
  ])('%s', (_name, traces, expected) => {
    expect(session(traces)).toEqual(expected);
  });

  it('of a trace that two sessions share are each its own', () => {
    const traces: Record<string, Said[]> = {
      a: [
        { id: '1', at: 0, until: 3, given: 'A', session: 's' },
        { id: '2', at: 5, until: 6, given: 'X', session: 'other' },
        { id: '3', at: 8, until: 9, given: 'AbC', session: 's' },
        { id: '4', at: 12, until: 13, given: 'XyZ', session: 'other' },
      ],
    };
    expect(session(traces)).toEqual(['a@0', 'a@8']);
    expect(session(traces, 'other')).toEqual(['a@5', 'a@12']);
    expect(session(traces, 'nobody')).toEqual([]);
  });

  it('begin with the trace where a child began before its parent', () => {
    expect(
      session({
        a: [
          { id: '2', at: 0, given: 'A', parent: '1' },
          { id: '1', at: 0.5, until: 3, kind: 'agent' },
        ],
      }),
    ).toEqual(['a@0']);
  });

  it('know when a failed call opened them', () => {
    expect(cut('a', [{ id: '1', at: 0, given: 'A', isError: true }])).toMatchObject([
      { isError: true, userMessageCount: 1 },
    ]);
    expect(cut('a', [{ id: '1', at: 0 }])).toMatchObject([
      { isError: false, userMessageCount: 0, lastUserMessage: 0n },
    ]);
  });
});

const spoken = fc.record({
  at: fc.integer({ min: 0, max: 40 }),
  length: fc.integer({ min: 0, max: 10 }),
  parent: fc.integer({ min: 0, max: 12 }),
  kind: fc.constantFrom('llm' as const, 'agent' as const, 'tool' as const, 'chain' as const),
  given: fc.constantFrom('', 'A', 'Ab', 'AbC', 'AbCd', 'AbCdE', 'B', 'x', 'AbA'),
  isError: fc.boolean(),
  trace: fc.constantFrom('a', 'b', 'c'),
});

describe('turns of any session', () => {
  const sessions = fc.array(spoken, { maxLength: 12 }).map((spans) =>
    spans.map((one, i) => ({
      ...one,
      said: {
        ...{ id: String(i), at: one.at, until: one.at + one.length, parent: String(one.parent) },
        ...{ kind: one.kind, given: one.given, isError: one.isError },
      },
    })),
  );
  const turnsOf = (spans: readonly { trace: string; said: Said }[]) =>
    joinTurns(
      [...Map.groupBy(spans, ({ trace }) => trace)].flatMap(([trace, members]) =>
        cut(
          trace,
          members.map(({ said }) => said),
        ),
      ),
    );

  it('do not depend on the order of arrival', () => {
    const shuffled = sessions.chain((spans) =>
      fc.tuple(fc.constant(spans), fc.shuffledSubarray(spans, { minLength: spans.length })),
    );
    fc.assert(
      fc.property(shuffled, ([spans, others]) => {
        expect(turnsOf(others)).toEqual(turnsOf(spans));
      }),
    );
  });

  it('come in order of time, have every trace, and each part once', () => {
    fc.assert(
      fc.property(sessions, (spans) => {
        const turns = turnsOf(spans);
        const starts = turns.flatMap(({ parts }) => parts.map(({ startNs }) => startNs));
        expect(starts).toEqual(starts.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
        expect(turns.every((turn) => turn.parts.length > 0 && turn.startNs === turn.parts[0]?.startNs)).toBe(true);
        const traceIds = new Set(turns.flatMap(({ parts }) => parts.map(({ traceId }) => traceId)));
        expect(traceIds).toEqual(new Set(spans.map(({ trace }) => trace)));
        for (const { parts } of turns) expect(new Set(parts.map(({ traceId }) => traceId)).size).toBe(parts.length);
      }),
    );
  });
});
