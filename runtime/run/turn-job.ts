import type { TurnBudget } from '../budgets/turn-budget.ts';
import type { Pause } from '../sessions/pause.ts';
import type { Session, Turn } from '../sessions/record.ts';
import type { Claim, SessionStore } from '../sessions/store.ts';
import type { PriceCall, RunnableAgent } from './agent.ts';
import type { TurnEvent } from './turn-events.ts';

/** A claimed turn, and everything that it needs. */
export interface TurnJob {
  store: SessionStore;
  claim: Claim;
  session: Session;
  turn: Turn;
  /** The turns before, oldest first. */
  earlier: readonly Turn[];
  agent: RunnableAgent;
  priceCall: PriceCall;
  /** Absent: there are no budgets. */
  budget?: TurnBudget | undefined;
  emit: (event: Exclude<TurnEvent, { type: 'end' | 'left' }>) => void;
  /** The session waits from now on; the turn stays open. */
  onPaused: (pause: Pause) => void;
  /** A declared server of tools does not answer: the turn goes on without them. */
  onUnavailable: (server: { name: string; message: string }) => void;
  /** Its reason is a TurnStopped. */
  signal: AbortSignal;
  /** When its time is over. */
  deadlineMs: number;
  nowMs: () => number;
  sleep: (ms: number) => Promise<void>;
}
