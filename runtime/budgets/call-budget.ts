import type { Model } from '../definition/schema.ts';
import type { ModelAdapter, ModelRequest } from '../models/model.ts';
import type { Price } from '../run/price-usage.ts';
import type { ExhaustedBudget } from '../sessions/pause.ts';
import type { Attempt } from '../sessions/record.ts';

/** Holds money for the tries of one model call, each before it is made. */
export interface CallBudget {
  hold(next: NextTry): Promise<HeldTry>;
  /** Nothing of a try was billed. Never rejects. */
  release(next: Pick<NextTry, 'number' | 'model'>): Promise<void>;
}

export interface NextTry {
  /** From 0, over all models of the chain. */
  number: number;
  model: TriedModel;
  /** As it will be sent, filled in by the settings of the model. */
  request: ModelRequest;
  /** No other model follows. */
  isLast: boolean;
}

/** What decides what a try of a model may cost. */
export interface TriedModel {
  provider: string;
  /** Without the provider. */
  model: string;
  adapter: Pick<ModelAdapter, 'boundOutputTokens'>;
  settings: Pick<Model, 'timeout'>;
  /** By which the provider itself says what a call cost. */
  reportedPrice?: Price | undefined;
  /** Where no table has a price. */
  declaredPrice?: Price | undefined;
}

export type HeldTry =
  /** Without an amount no budget counts it. The request may have got an end that it did not have. */
  | { status: 'granted'; request: ModelRequest; reservedUsd?: string | undefined }
  /** A budget wants a cheaper model. */
  | { status: 'skipped' }
  | { status: 'refused'; refusal: BudgetRefusal };

/** Why a call must not be made. */
export interface BudgetRefusal {
  reason: 'budget_exhausted' | 'budget_unavailable' | 'price_unknown';
  message: string;
  /** Of `budget_exhausted`. */
  budget?: ExhaustedBudget | undefined;
}

/** A model call that was not made, or not made again. */
export class BudgetStopped extends Error {
  override readonly name = 'BudgetStopped';
  readonly refusal: BudgetRefusal;
  /** Tries that failed before. */
  readonly attempts: readonly Attempt[];

  constructor(refusal: BudgetRefusal, attempts: readonly Attempt[]) {
    super(refusal.message);
    this.refusal = refusal;
    this.attempts = attempts;
  }
}
