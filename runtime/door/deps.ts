import type { Budgets } from '../budgets/budgets.ts';
import type { AgentPool } from '../run/agent-pool.ts';
import type { Authentication } from './authenticate.ts';
import type { SessionRunner } from '../run/session-runner.ts';
import type { SessionStore } from '../sessions/store.ts';

/** What the routes of the door work with. */
export interface DoorDeps {
  store: SessionStore;
  runner: SessionRunner;
  agents: AgentPool;
  /** Absent: nothing is counted. */
  budgets?: Pick<Budgets, 'forGateway' | 'settleGateway' | 'describe'> | undefined;
  /** Present where keys are needed. */
  authentication?: Authentication | undefined;
  /** A call of the gateway was kept: its span can be sent. */
  onCall: () => void;
  /** For links to sessions and traces; null: there is no server. */
  isStopping: () => boolean;
  nowMs: () => number;
  /** A request that failed for a reason of ours; never payloads. */
  onError: (error: unknown, path: string) => void;
}
