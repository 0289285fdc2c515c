import { expect, test } from 'vitest';
import { BudgetStopped, type CallBudget, type HeldTry, type NextTry } from '../../../../runtime/budgets/call-budget.ts';
import { model as modelSchema } from '../../../../runtime/definition/schema.ts';
import { callModels, type ChainModel } from '../../../../runtime/models/call-models.ts';
import type { ModelAdapter } from '../../../../runtime/models/model.ts';
import { ModelFailure, wasUnbilled } from '../../../../runtime/models/model-failure.ts';
import type { Attempt } from '../../../../runtime/sessions/record.ts';

const refusal = { reason: 'budget_exhausted', message: 'nothing is left' } as const;

/** Answers, or fails as often as it is told to. */
function chainModel(model: string, failures: ModelFailure[] = []): ChainModel {
  const adapter: ModelAdapter = {
    async *stream() {
      const failure = failures.shift();
      await Promise.resolve();
      if (failure !== undefined) throw failure;
      yield { type: 'end', reply: { text: model, toolCalls: [], finishReason: 'stop' } };
    },
  };
  return { provider: 'test', model, adapter, settings: modelSchema.parse(`test/${model}`) };
}

function budgetOf(hold: (next: NextTry) => HeldTry) {
  const held: string[] = [];
  const released: number[] = [];
  const budget: CallBudget = {
    hold: (next) => {
      held.push(`${next.number} ${next.model.model} ${next.isLast}`);
      return Promise.resolve(hold(next));
    },
    release: ({ number }) => {
      released.push(number);
      return Promise.resolve();
    },
  };
  return { budget, held, released };
}

async function call(chain: ChainModel[], budget: CallBudget): Promise<readonly Attempt[]> {
  const events = callModels(
    chain,
    { messages: [], tools: [] },
    { signal: new AbortController().signal, firstTokenTimeoutMs: 1_000, budget, sleep: () => Promise.resolve() },
  );
  for await (const event of events) if (event.type === 'end') return event.attempts;
  throw new Error('no end');
}

const granted = ({ request }: NextTry): HeldTry => ({ status: 'granted', request, reservedUsd: '0.5' });

test('every try is held, and given back where the provider refused it', async () => {
  const busy = new ModelFailure('unavailable', 'busy', { status: 503 });
  const late = new ModelFailure('timeout', 'late');
  const { budget, held, released } = budgetOf(granted);
  const attempts = await call([chainModel('one', [busy, late, busy]), chainModel('two')], budget);
  expect(held).toEqual(['0 one false', '1 one false', '2 one false', '3 two true']);
  expect(released).toEqual([0, 2]);
  expect(attempts.map(({ reservedUsd }) => reservedUsd)).toEqual([undefined, '0.5', undefined, '0.5']);
});

test('a model that is skipped is not asked', async () => {
  const { budget } = budgetOf((next) => (next.isLast ? granted(next) : { status: 'skipped' }));
  const attempts = await call([chainModel('one'), chainModel('two'), chainModel('three')], budget);
  expect(attempts.map(({ model }) => model)).toEqual(['three']);
});

test('a try that is refused ends it, with the tries that failed before', async () => {
  const { budget } = budgetOf((next) => (next.number === 0 ? granted(next) : { status: 'refused', refusal }));
  const calling = call([chainModel('one', [new ModelFailure('timeout', 'late')])], budget);
  const stopped = await calling.catch((error: unknown) => error);
  expect(stopped).toBeInstanceOf(BudgetStopped);
  expect(stopped).toMatchObject({ refusal, attempts: [{ model: 'one', reservedUsd: '0.5' }] });
});

test.each<[string, ModelFailure, number | undefined, boolean]>([
  ['refused with a status', new ModelFailure('rate_limited', 'x', { status: 429 }), undefined, true],
  ['refused after it began', new ModelFailure('unavailable', 'x', { status: 503 }), 5, false],
  [
    'never connected',
    new ModelFailure('unavailable', 'x', { cause: Object.assign(new Error('no'), { code: 'ECONNREFUSED' }) }),
    undefined,
    true,
  ],
  [
    'a connection that broke',
    new ModelFailure('unavailable', 'x', { cause: Object.assign(new Error('no'), { code: 'ECONNRESET' }) }),
    undefined,
    false,
  ],
  ['out of time', new ModelFailure('timeout', 'x'), undefined, false],
  ['a cut stream', new ModelFailure('cut_stream', 'x', { status: 200 }), undefined, false],
])('%s: whether it cost nothing for sure', (_what, failure, firstTokenMs, isUnbilled) => {
  expect(wasUnbilled(failure, { firstTokenMs })).toBe(isUnbilled);
});
