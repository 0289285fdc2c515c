import type { CallBudget } from '../budgets/call-budget.ts';
import type { AgentDefinition } from '../definition/schema.ts';
import type { ModelEvent, ModelReply, ModelRequest, ToolSpec, Usage } from '../models/model.ts';
import type { ModelFailure } from '../models/model-failure.ts';
import type { Attempt } from '../sessions/record.ts';
import type { ToolBox } from '../tools/tool.ts';
import type { CallRate } from './call-rate.ts';

/** A revision of an agent, ready to run. */
export interface RunnableAgent {
  revision: string;
  definition: AgentDefinition & { instructions: string };
  ask: AskModels;
  toolBox: ToolBox;
  /** By name, as they were when the box was opened last. */
  knownTools: ReadonlyMap<string, ToolSpec>;
}

/** What arrives while the models of a chain are asked; the last event is `end`. */
export type AskEvent =
  | Exclude<ModelEvent, { type: 'end' }>
  /** One try failed; another one follows. */
  | { type: 'attempt'; attempt: Attempt }
  | { type: 'end'; reply: ModelReply; attempts: readonly Attempt[] };

/** Asks the models of an agent in their order. Throws an AskFailure, or a BudgetStopped or RateStopped before a try that is refused. */
export type AskModels = (
  request: Omit<ModelRequest, 'model'>,
  options: {
    signal: AbortSignal;
    firstTokenTimeoutMs: number;
    budget?: CallBudget | undefined;
    rate?: CallRate | undefined;
  },
) => AsyncIterable<AskEvent>;

/** No model gave a whole answer. */
export class AskFailure extends Error {
  override readonly name = 'AskFailure';
  readonly attempts: readonly Attempt[];
  /** What was visible already: from then on no other model takes over. */
  readonly partialText: string;
  /** What the last model failed with. */
  readonly failure: ModelFailure;

  constructor(failed: { attempts: readonly Attempt[]; partialText: string; failure: ModelFailure }) {
    super(failed.failure.message, { cause: failed.failure });
    this.attempts = failed.attempts;
    this.partialText = failed.partialText;
    this.failure = failed.failure;
  }
}

/** US dollars of a call as a decimal; undefined: no price is known. */
export type PriceCall = (call: {
  provider: string;
  model: string;
  usage: Usage;
  atMs: number;
}) => Promise<string | undefined>;
