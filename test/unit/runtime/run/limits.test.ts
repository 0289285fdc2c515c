import { describe, expect, test } from 'vitest';
import { countSteps, findBrokenLimit, findBrokenToolLimit, turnUsd } from '../../../../runtime/run/limits.ts';
import { agentSchema } from '../../../../runtime/definition/schema.ts';
import type { Entry, StepEntry, ToolEntry } from '../../../../runtime/sessions/record.ts';

function limits(more: object) {
  return agentSchema.parse({ name: 'a', instructions: 'x', model: ['simulated/quick'], limits: more }).limits;
}

function step(number: number, more: Partial<StepEntry> = {}): StepEntry {
  const saw = { system: '', fromTurn: 1, tools: [] };
  return { type: 'step', step: number, text: '', toolCalls: [], saw, attempts: [], finishReason: 'stop', ...more };
}

const calls = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `${i}`, name: 'look', arguments: '{}' }));
const subAgent: ToolEntry = {
  ...{ type: 'tool', callId: 'x', step: 0, name: 'ask', toolType: 'agent', arguments: '{}', text: '', attempts: 1 },
  ...{ startMs: 0, endMs: 0, costUsd: '0.25' },
};
const compacted: Entry = {
  type: 'compacted',
  before: 2,
  summary: null,
  atMs: 0,
  call: { attempts: [], costUsd: '0.5' },
};

describe('the next model call', () => {
  test('is one too many', () => {
    const two = [step(0), step(1)];
    expect(findBrokenLimit(two, limits({ maxSteps: 3 }), '0')).toBeUndefined();
    expect(findBrokenLimit(two, limits({ maxSteps: 2 }), '0')).toEqual({
      state: 'limited',
      reason: 'max_steps',
      message: 'The turn was ended after 2 model calls (limits.maxSteps).',
    });
  });

  test('comes after the money of the turn is spent: sub-agents and summaries count', () => {
    const spent = [step(0, { costUsd: '0.25' }), subAgent, compacted, step(1)];
    expect(turnUsd(spent)).toBe('1');
    expect(findBrokenLimit(spent, limits({ maxCostPerTurn: 1.01 }), '100')).toBeUndefined();
    expect(findBrokenLimit(spent, limits({ maxCostPerTurn: 1 }), '0')).toEqual({
      state: 'limited',
      reason: 'max_cost_per_turn',
      message: 'The turn was ended at $1 of $1 (limits.maxCostPerTurn).',
    });
  });

  test('comes after the money of the session is spent', () => {
    const spent = [step(0, { costUsd: '0.25' })];
    expect(findBrokenLimit(spent, limits({ maxCostPerSession: 2 }), '1.74')).toBeUndefined();
    expect(findBrokenLimit(spent, limits({ maxCostPerSession: 2 }), '1.75')).toEqual({
      state: 'limited',
      reason: 'max_cost_per_session',
      message: 'The turn was ended: the session has spent $2 of $2 (limits.maxCostPerSession).',
    });
    expect(findBrokenLimit([], limits({ maxCostPerSession: 2 }), '2')).toMatchObject({
      reason: 'max_cost_per_session',
    });
  });
});

test('tool calls count as the model asks for them, those of this step included', () => {
  const first = step(0, { toolCalls: calls(2) });
  const second = step(1, { toolCalls: calls(3) });
  expect(findBrokenToolLimit([first, second], second, limits({ maxToolCalls: 5 }))).toBeUndefined();
  expect(findBrokenToolLimit([first, second], second, limits({ maxToolCalls: 4 }))).toEqual({
    state: 'limited',
    reason: 'max_tool_calls',
    message: 'The turn was ended: it asked for more than 4 tool calls (limits.maxToolCalls).',
  });
  expect(findBrokenToolLimit([first], first, limits({ maxToolCalls: 0 }))).toBeDefined();
});

test('steps are model calls, not what came of them', () => {
  expect(countSteps([step(0), subAgent, compacted, step(1)])).toBe(2);
});
