import { describe, expect, it } from 'vitest';
import type { SpanSkeleton } from '../../../../server/contract/spans.ts';
import { nobody } from '../../../../server/domain/settlement/inherit.ts';
import type { Skeleton } from '../../../../server/domain/settlement/skeleton.ts';
import type { SessionTurn } from '../../../../server/domain/settlement/turns.ts';
import { answerOf, hasFailed, lastSpoken, openerOf, sumSteps } from '../../../../server/domain/turn-outcome.ts';
import type { TurnStep } from '../../../../server/domain/turn-steps.ts';
import { span } from './settlement/skeletons.ts';

const said = (user: number) => ({ inputMessageCount: user, userMessageCount: user, lastUserMessage: BigInt(user) });

function step(
  id: string,
  from: number,
  to: number,
  fields: Partial<TurnStep> & { of?: Partial<Skeleton> } = {},
): TurnStep {
  const { of, ...rest } = fields;
  return {
    span: span(id, { kind: 'llm', startNs: BigInt(from), endNs: BigInt(to), ...of }),
    ...{ given: said(0), hasOutput: true, attribution: nobody, isUserFacing: true, isRoot: false },
    toolCallId: '',
    ...rest,
  };
}

const stepsOf = (...steps: TurnStep[]) => ({ steps, failedRoots: [] });
const turnOf = (user: number): SessionTurn => ({
  startNs: 0n,
  parts: [{ traceId: 't', startNs: 0n, endNs: 9n, isError: false, ...said(user) }],
});

describe('the opener of a turn', () => {
  it('is the first step that was given the user’s message', () => {
    const steps = stepsOf(step('title', 0, 1, { given: said(2) }), step('main', 1, 2, { given: said(1) }));
    expect(openerOf(turnOf(1), steps)?.span.spanId).toBe('main');
  });

  it('is never inside a tool', () => {
    const steps = stepsOf(step('inner', 0, 1, { given: said(1), isUserFacing: false }));
    expect(openerOf(turnOf(1), steps)).toBeUndefined();
  });

  it('is nobody where nobody spoke', () => {
    expect(openerOf(turnOf(0), stepsOf(step('a', 0, 1)))).toBeUndefined();
  });
});

describe('the answer of a turn', () => {
  const opener = step('main', 0, 5, { given: said(1) });

  it.each<[string, TurnStep[], string | undefined]>([
    ['the output that ended last', [opener, step('next', 6, 7, { given: said(1) })], 'next'],
    ['not what a tool’s agent said', [opener, step('inner', 1, 9, { isUserFacing: false })], 'main'],
    ['not a title that ran beside', [opener, step('title', 1, 9, { given: said(2) })], 'main'],
    ['what was asked in other words afterwards', [opener, step('final', 6, 9, { given: said(2) })], 'final'],
    ['an agent that does not say what it was given', [opener, step('agent', 0, 9)], 'agent'],
    ['nothing where nothing was said', [{ ...opener, hasOutput: false }], undefined],
  ])('is %s', (_name, steps, expected) => {
    expect(answerOf(stepsOf(...steps), opener)?.span.spanId).toBe(expected);
  });
});

describe('the outcome of a turn', () => {
  const failed = { of: { isError: true } };

  it.each<[string, TurnStep[], TurnStep[], boolean]>([
    ['nothing failed', [step('a', 0, 1)], [], false],
    ['the last call failed', [step('a', 0, 1), step('b', 1, 2, failed)], [], true],
    ['a call failed and the next did not', [step('a', 0, 1, failed), step('b', 1, 2)], [], false],
    ['a tool failed', [step('a', 0, 1), step('b', 1, 2, { of: { kind: 'tool', isError: true } })], [], false],
    ['a root failed after the answer', [step('a', 0, 1)], [step('root', 0, 9, failed)], true],
    ['a root failed and a later trace answered', [step('a', 10, 11)], [step('root', 0, 9, failed)], false],
    ['a root failed without a call', [], [step('root', 0, 9, failed)], true],
  ])('where %s', (_name, steps, failedRoots, expected) => {
    expect(hasFailed({ steps, failedRoots })).toBe(expected);
  });
});

describe('what the user spoke last', () => {
  it.each([
    ['u', [0]],
    ['s u', [1]],
    ['u a u', [2]],
    ['u a u u', [2, 3]],
    ['u a u s u', [2, 4]],
    ['u a t', [0]],
    ['u u a t a t', [0, 1]],
    ['u a u a', [2]],
    ['s a t', []],
    ['', []],
  ])('of "%s" is at %j', (given, expected) => {
    const roles: Record<string, string> = { u: 'user', a: 'assistant', t: 'tool', s: 'system' };
    const messages = given.split(' ').map((letter, at) => ({ role: roles[letter] ?? '', at }));
    expect(lastSpoken(messages).map(({ at }) => at)).toEqual(expected);
  });
});

describe('the sums of a turn', () => {
  type Step = Pick<SpanSkeleton, 'counted' | 'usage' | 'cost'>;
  const usage = (modelCalls: number, inputTokens: number) => ({
    ...{ modelCalls, inputTokens, outputTokens: 1 },
    ...{ cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
  });
  const counted = (usd: string | null): Step => ({
    counted: true,
    usage: usage(1, 10),
    cost: { usd, pricedCalls: usd === null ? 0 : 1, unpricedCalls: usd === null ? 1 : 0 },
  });

  it('are exact', () => {
    const { cost } = sumSteps([counted('0.1'), counted('0.2'), counted('0.000000000001')]);
    expect(cost).toEqual({ usd: '0.300000000001', pricedCalls: 3, unpricedCalls: 0 });
  });

  it('are of what counts', () => {
    const other: Step = { counted: false, usage: usage(0, 99), cost: { usd: null, pricedCalls: 0, unpricedCalls: 0 } };
    expect(sumSteps([counted('1'), other]).usage).toMatchObject({ modelCalls: 1, inputTokens: 10 });
  });

  it('are unknown where nothing is known, and known where something is', () => {
    expect(sumSteps([counted(null)]).cost).toEqual({ usd: null, pricedCalls: 0, unpricedCalls: 1 });
    expect(sumSteps([counted(null), counted('2')]).cost).toEqual({ usd: '2', pricedCalls: 1, unpricedCalls: 1 });
    expect(sumSteps([]).cost.usd).toBeNull();
  });
});
