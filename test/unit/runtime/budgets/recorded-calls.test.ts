import { expect, test } from 'vitest';
import { gatewayCalls, turnCallId, turnCalls } from '../../../../runtime/budgets/recorded-calls.ts';
import type { Attempt, Entry } from '../../../../runtime/sessions/record.ts';
import { callSpanId, turnSpanId, turnTrace } from '../../../../runtime/telemetry/span-ids.ts';
import { makeAttempt, makeInput, makeStep } from '../../../support/runtime-turns.ts';

const turn = { id: 'turn-1', sessionId: 'session-1', input: makeInput('Hello') };
const { traceId } = turnTrace(turn);

function attempt(fields: Partial<Attempt> = {}): Attempt {
  return makeAttempt({ startMs: 0, endMs: 1, reservedUsd: '0.5', ...fields });
}

test('the last try costs what the call did, one before it what was held, one that cost nothing is not there', () => {
  const failure = { kind: 'timeout', message: 'late' } as const;
  const step = makeStep({
    attempts: [attempt({ failure }), attempt({ failure, reservedUsd: undefined }), attempt({ model: 'other' })],
    costUsd: '0.01',
  });
  expect(turnCalls(turn, [step])).toEqual([
    {
      ...{ amountUsd: '0.5', traceId, spanId: turnSpanId(turn, 'chat 0 0') },
      callId: turnCallId(turn, 'chat 0', { number: 0, provider: 'openai', model: 'gpt-5-mini' }),
    },
    {
      ...{ amountUsd: '0.01', traceId, spanId: turnSpanId(turn, 'chat 0 2') },
      callId: turnCallId(turn, 'chat 0', { number: 2, provider: 'openai', model: 'other' }),
    },
  ]);
});

test('what broke off has cost all that was held', () => {
  const step = makeStep({ attempts: [attempt()], finishReason: undefined, usage: undefined, text: 'Hel' });
  expect(turnCalls(turn, [step]).map(({ amountUsd }) => amountUsd)).toEqual(['0.5']);
});

test('a summary is found by its place in the turn', () => {
  const call = { attempts: [attempt()], costUsd: '0.02' };
  const entry: Entry = { type: 'compacted', before: 2, summary: 'short', atMs: 5, call };
  expect(turnCalls(turn, [entry], 3)).toMatchObject([{ amountUsd: '0.02', spanId: turnSpanId(turn, 'summary 3 0') }]);
});

test('what budgets did not count is not settled, and other entries are no calls', () => {
  const step = makeStep({ attempts: [attempt({ reservedUsd: undefined })], costUsd: '0.01' });
  expect(turnCalls(turn, [step, { type: 'notice', text: 'x', atMs: 0 }])).toEqual([]);
});

test('a call of the gateway is the span of its try', () => {
  const call = { id: 'chatcmpl_1', traceparent: null, attempts: [attempt()] };
  expect(gatewayCalls(call, undefined)).toMatchObject([{ amountUsd: '0.5', spanId: callSpanId(call, 'chat 0') }]);
});
