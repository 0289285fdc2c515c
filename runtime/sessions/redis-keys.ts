/**
 * Keys of one session, in one hash tag: a script may use all of them in a cluster, too. `encodeURIComponent` leaves no brace and
 * no colon in an id, so that no id can name another's keys.
 */
export function sessionKeys(sessionId: string): string[] {
  const tag = `{sg:session:${encodeURIComponent(sessionId.toWellFormed())}}`;
  return [tag, `${tag}:turns`, `${tag}:entries`, `${tag}:open`, `${tag}:unexported`];
}

/**
 * Lists over all sessions. They lie elsewhere than the sessions in a cluster and are written with a command of their own: they
 * may name too much, which whoever reads them checks, and must never name too little.
 */
export const indexKeys = {
  /** Session -> when it was created. */
  created: '{sg:index}:created',
  createdOf: (agent: string) => `{sg:index}:created:${encodeURIComponent(agent.toWellFormed())}`,
  /** `[session, agent]` -> when it is to be looked at again. */
  expiring: '{sg:index}:expiring',
  /** Session with open turns -> when it is to be looked at: when its lease runs out, or at once. */
  open: '{sg:index}:open',
  /** Session that waits -> JSON of a PausedSession. */
  paused: '{sg:index}:paused',
  /** `[session, turn]` -> when it ended. */
  unexported: '{sg:index}:unexported',
};

export const callKeys = ['{sg:calls}', '{sg:calls}:order', '{sg:calls}:count'];

/** Session -> until when it has one of the agent's places. */
export function placesKey(agent: string): string {
  return `{sg:places:${encodeURIComponent(agent.toWellFormed())}}`;
}

/** JSON: what the agent's model calls were, second by second. */
export function ratesKey(agent: string): string {
  return `{sg:rates:${encodeURIComponent(agent.toWellFormed())}}`;
}

export function registryKeys(agent: string): string[] {
  const name = encodeURIComponent(agent.toWellFormed());
  return [
    '{sg:registry}',
    '{sg:registry}:deployed',
    `{sg:registry}:revisions:${name}`,
    `{sg:registry}:deployments:${name}`,
  ];
}
