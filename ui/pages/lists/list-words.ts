/** What a list calls its rows. */
export interface ListWords {
  /** `Traces` */
  title: string;
  /** `trace` */
  one: string;
  /** `traces` */
  many: string;
  /** What Enter does: `Open the trace`. */
  open: string;
}

/** What an empty list says, and the ways out of it. */
export interface EmptyWays {
  /** The range in words: `in the last 24 hours`. */
  when: string;
  /** Something else than the range narrows the list. */
  narrowed: boolean;
  /** The next longer range, in words; null where there is none. */
  wider: string | null;
  onclear: () => void;
  onwiden: () => void;
}

export const traceWords: ListWords = { title: 'Traces', one: 'trace', many: 'traces', open: 'Open the trace' };
export const sessionWords: ListWords = {
  title: 'Sessions',
  one: 'session',
  many: 'sessions',
  open: 'Replay the session',
};
