import { z } from 'zod';
import { declaredBudget } from '../contract/budget-calls.ts';
import type { Budget } from '../contract/budgets.ts';
import { ApiError } from '../contract/errors.ts';
import { toDeclaredBudgets } from '../domain/budgets/declared.ts';
import type { RuntimeClient } from '../runtime-client.ts';

const answerTimeoutMs = 2_000;
/** Definitions change by a deployment: who has just asked need not ask again. */
const rememberedMs = 3_000;

/** What is read of the runtime's agents: an agent of an older runtime declares nothing. */
const agentBudgets = z.object({
  agents: z.array(z.object({ name: z.string(), budgets: z.array(declaredBudget).default([]) })),
});

/** The budgets that deployed agents declare in their files; none while the runtime does not answer. */
export class Definitions {
  readonly #runtime: RuntimeClient;
  #known: { atMs: number; budgets: Promise<Budget[]> } | undefined;

  constructor(runtime: RuntimeClient) {
    this.#runtime = runtime;
  }

  async list(nowMs: number): Promise<Budget[]> {
    if (!this.#runtime.isConfigured) return [];
    const known = this.#known;
    if (known !== undefined && Math.abs(nowMs - known.atMs) < rememberedMs) return known.budgets;
    this.#known = { atMs: nowMs, budgets: this.#read() };
    return this.#known.budgets;
  }

  async #read(): Promise<Budget[]> {
    const signal = AbortSignal.timeout(answerTimeoutMs);
    const request = { method: 'GET', path: '/agents', projectId: 'default', signal } as const;
    try {
      const { agents } = await this.#runtime.ask(request, { schema: agentBudgets, expected: [] });
      return agents.flatMap(({ name, budgets }) => toDeclaredBudgets(name, budgets));
    } catch (error) {
      if (error instanceof ApiError) return [];
      throw error;
    }
  }
}
