import type { Pause } from './pause.ts';
import type { Entry, GatewayCall, Session, Turn, TurnEnd, TurnInput } from './record.ts';

/**
 * The store did not answer in time. What was asked may have been kept all the same: the same call with the same arguments may be
 * made again, it is not done twice.
 */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** The right to advance one turn, until `renew` was not called for the time of the lease: then it is over for good. */
export interface Claim {
  sessionId: string;
  turnId: string;
  owner: string;
  /** Larger with every claim of the session: what an older holder writes is refused. */
  fence: number;
}

export interface NewTurn {
  /** Unique within its session. Accepting an id that is there already answers with that turn. */
  id: string;
  input: TurnInput;
  idempotencyKey: string | null;
  contentHash: string;
}

export interface AcceptOptions {
  /** Of the session, from now on. */
  ttlMs: number;
  onBusy: 'queue' | 'reject' | 'interrupt';
  /** Turns that may wait behind the one that is running or next. */
  queueLimit: number;
  /**
   * Number of the last turn that the caller has seen: if there is a later one, the turn is `stale`. Absent: whatever was said
   * meanwhile, it is added.
   */
  afterTurn?: number | undefined;
}

export type Accepted =
  | { status: 'accepted'; turn: Turn }
  /** The same idempotency key and content: the turn that exists. */
  | { status: 'repeated'; turn: Turn }
  /** The same idempotency key, another content. */
  | { status: 'key_reused' }
  | { status: 'busy' }
  | { status: 'queue_full' }
  | { status: 'stale' }
  | { status: 'not_found' };

/** `cancel`: end it now; `supersede`: a newer message ends it; `lost`: another process has it. */
export type Held = 'held' | 'cancel' | 'supersede' | 'lost';

/** What the model calls of an agent may be within any minute, over all of its sessions. */
export interface RateLimits {
  requestsPerMinute?: number | undefined;
  tokensPerMinute?: number | undefined;
}

export type RateTaken =
  /** `tokens`: what was counted, never more than the limit, so that one large call can still be made. */
  | { status: 'taken'; second: number; tokens: number }
  /** Nothing was counted; `limit` is the one that makes it wait longest. */
  | { status: 'full'; limit: keyof RateLimits; waitMs: number };

/** A session that waits, and whose it is. */
export interface PausedSession {
  sessionId: string;
  agent: string;
  /** Absent: the default one. */
  project?: string | undefined;
  pause: Pause;
}

/** A definition that was registered, and who may be asked for by its name. */
export interface Revision {
  agent: string;
  /** `support@1a2b3c4d5e6f` */
  revision: string;
  hash: string;
  /** The definition as JSON, references unresolved. */
  definition: unknown;
  registeredMs: number;
}

export interface Deployment {
  agent: string;
  revision: string;
  /** What the alias pointed to before. */
  previous: string | null;
  deployedMs: number;
}

/**
 * Sessions, their turns and the registry of revisions. Every write is atomic and durable when it returns; times of leases and
 * expiry are the store's own. Every method may throw a StoreUnavailableError.
 */
export interface SessionStore {
  /** Keeps a new session; throws if the id exists with another content. */
  createSession(session: Session): Promise<void>;
  /**
   * Undefined: there is none, or it has expired. A session with open turns has not. With `evenExpired` also one that is only kept
   * until its last turns are exported.
   */
  findSession(sessionId: string, options?: { evenExpired?: boolean }): Promise<Session | undefined>;
  /** All of its turns with their entries, oldest first; `[]` for an unknown session. */
  listTurns(sessionId: string): Promise<Turn[]>;
  findTurn(sessionId: string, turnId: string): Promise<Turn | undefined>;
  /** Newest first. */
  listSessions(query: { agent?: string | undefined; limit: number }): Promise<Session[]>;
  /** With everything of it; a running turn loses its lease. False: there was none. */
  deleteSession(sessionId: string): Promise<boolean>;

  /**
   * Writes the turn down behind those that wait. With `interrupt`, whoever runs one is told to end it, and those that wait end at
   * once as `interrupted`, `superseded`: what their users said stays in the record.
   */
  accept(sessionId: string, turn: NewTurn, options: AcceptOptions): Promise<Accepted>;
  /**
   * Takes the oldest open turn of a session if no one holds its lease and it does not wait. It is `running` from then on.
   * Undefined: another process is at it, or nothing is to be done.
   */
  claim(
    sessionId: string,
    holder: { owner: string; leaseMs: number },
  ): Promise<{ claim: Claim; turn: Turn } | undefined>;
  /** Prolongs the lease, and tells what was asked for meanwhile. */
  renew(claim: Claim, leaseMs: number): Promise<Held>;
  /**
   * Adds entries behind the first `at` ones, which is how many the turn has as its holder knows it; false: the lease was lost,
   * nothing was written. Entries that are there already, from a call that seemed to fail, are not added again. Throws a
   * StoreUnavailableError while entries before `at` are missing: repeat their call first.
   */
  append(claim: Claim, entries: readonly Entry[], at: number): Promise<boolean>;
  /** Ends the turn, releases the lease and notes the turn for export; false: the lease was lost, nothing was written. */
  finish(claim: Claim, end: TurnEnd): Promise<boolean>;
  /** Gives the lease back, the turn stays open for others. */
  release(claim: Claim): Promise<void>;
  /**
   * Gives the lease back and lets the session wait: nobody claims a turn of it until `resume`. Answers like `renew`: of a turn that is
   * to end the session does not wait.
   */
  pause(claim: Claim, pause: Pause): Promise<Held>;
  /** Lets a session that waits go on; false: it does not wait. Call it again after a StoreUnavailableError. */
  resume(sessionId: string): Promise<boolean>;
  /** Sessions that wait, and perhaps some that have gone on since; those that wait for longest first. */
  listPaused(limit: number): Promise<PausedSession[]>;
  /**
   * Asks for the end of a turn, or of all open ones of the session: those that wait end at once, the one that runs is told by
   * `renew`, also whoever takes it over; a session that waits goes on for that. Number of turns concerned.
   */
  cancel(sessionId: string, turnId?: string): Promise<number>;
  /**
   * Takes one of an agent's places for a session, or keeps the one that it has, for the time of a lease; false: all are taken. What
   * counts is all replicas together.
   */
  takePlace(agent: string, place: { sessionId: string; limit: number; leaseMs: number }): Promise<boolean>;
  freePlace(agent: string, sessionId: string): Promise<void>;
  /**
   * Counts one model call with so many tokens in one step with the check, all replicas together. Made again after a
   * StoreUnavailableError it may count twice, which ends by itself within a minute.
   */
  takeRate(agent: string, wanted: RateLimits & { tokens: number }): Promise<RateTaken>;
  /** Adds to what was taken in a second, or takes off from it. Of one that does not count any more nothing changes. */
  correctRate(agent: string, correction: { second: number; requests: number; tokens: number }): Promise<void>;
  /** Sessions with open turns that no one holds. Call it every few seconds: a store may repair its indexes on the way. */
  listAbandoned(limit: number): Promise<string[]>;
  /**
   * Removes what has expired; number of sessions. Those with open turns stay, and those with turns to export for a day at most.
   */
  removeExpired(limit: number): Promise<number>;

  /** Turns that ended and whose spans were not acknowledged yet, oldest first. */
  listUnexported(limit: number): Promise<{ sessionId: string; turnId: string }[]>;
  markExported(turns: readonly { sessionId: string; turnId: string }[]): Promise<void>;

  /** Keeps a call of the gateway until `removeCalls`; throws where 10,000 are kept already. */
  keepCall(call: GatewayCall): Promise<void>;
  /** Oldest first. */
  listCalls(limit: number): Promise<GatewayCall[]>;
  removeCalls(ids: readonly string[]): Promise<void>;

  /** Keeps a revision if it is not there yet, and lets the alias point to it. If it does so already, nothing changes. */
  deploy(revision: Revision): Promise<Deployment>;
  /** Lets the alias point to a registered revision; undefined: there is no such revision. */
  moveAlias(agent: string, revision: string): Promise<Deployment | undefined>;
  /** What the alias points to. */
  findDeployed(agent: string): Promise<Revision | undefined>;
  findRevision(revision: string): Promise<Revision | undefined>;
  /** Of all agents, those that the aliases point to. */
  listDeployed(): Promise<Revision[]>;
  /** Of one agent, newest first. */
  listRevisions(agent: string): Promise<Revision[]>;
  /** Of one agent, newest first; at most 100 are kept. */
  listDeployments(agent: string): Promise<Deployment[]>;

  /** Throws a StoreUnavailableError. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
