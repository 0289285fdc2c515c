import type { KeyScope, ProjectKey } from '../../api/types.ts';
import { countOf, exactCount, formatCount } from '../../components/format.ts';
import { toMs } from '../../components/time.ts';
import { everyProject } from '../../state/access.svelte.ts';

/** What each scope opens, in the order in which one asks for them. None includes another. */
export const scopeWords: Readonly<Record<KeyScope, string>> = {
  ingest: 'Sends spans and log records. All that a service that is watched needs.',
  read: 'Sees traces, sessions, costs and agents. Needed to sign in here.',
  run: 'Talks to agents and models, which may cost money.',
  admin: 'Makes and revokes keys, books prices again, and every other write.',
};
export const scopeNames = Object.keys(scopeWords) as readonly KeyScope[];

const endsSoonMs = 7 * 86_400_000;

/** What a key is worth now; `expiring` within a week. */
export type KeyState = 'active' | 'expiring' | 'expired' | 'revoked';

export function stateOf({ revokedUnixNano, expiresUnixNano }: ProjectKey, nowMs: number): KeyState {
  if (revokedUnixNano !== null) return 'revoked';
  if (expiresUnixNano === null) return 'active';
  const leftMs = toMs(expiresUnixNano) - nowMs;
  return leftMs <= 0 ? 'expired' : leftMs < endsSoonMs ? 'expiring' : 'active';
}

/** Keys that open something, and those that open nothing any more. */
export function sortKeys(
  keys: readonly ProjectKey[],
  { project, nowMs }: { project: string | null; nowMs: number },
): { current: ProjectKey[]; past: ProjectKey[] } {
  const current: ProjectKey[] = [];
  const past: ProjectKey[] = [];
  for (const key of keys) {
    if (project !== null && key.projectId !== project) continue;
    (stateOf(key, nowMs) === 'revoked' ? past : current).push(key);
  }
  return { current, past };
}

/** Projects that have keys, with how many, by name; that of every project first. */
export function countByProject(keys: readonly ProjectKey[]): { projectId: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { projectId } of keys) counts.set(projectId, (counts.get(projectId) ?? 0) + 1);
  return [...counts]
    .map(([projectId, count]) => ({ projectId, count }))
    .toSorted((a, b) => (a.projectId < b.projectId ? -1 : 1));
}

/** A project's id; `every project` for a key of all. */
export function nameProject(projectId: string): string {
  return projectId === everyProject ? 'every project' : projectId;
}

/** How much of the day's spans is used; null without a limit. */
export function describeDay({ limits: { spansPerDay }, spansToday }: ProjectKey): {
  share: number;
  text: string;
  title: string;
  tone: 'plain' | 'warning' | 'danger';
} | null {
  if (spansPerDay === null) return null;
  const share = Math.min(1, spansToday / spansPerDay);
  return {
    share,
    text: `${formatCount(spansToday)} of ${formatCount(spansPerDay)} today`,
    title: `${countOf(spansToday, 'span')} of ${exactCount(spansPerDay)} stored since midnight UTC`,
    tone: share >= 1 ? 'danger' : share >= 0.8 ? 'warning' : 'plain',
  };
}

/** What stops when the key is revoked, a sentence each. */
export function listLosses({ scopes, lastUsedUnixNano }: ProjectKey, isOwn: boolean): string[] {
  const words: Record<KeyScope, string> = {
    ingest: 'Exporters that send with it get 401; their spans are not stored.',
    read: 'Browsers signed in with it, and scripts that read with it, are signed out.',
    run: 'Clients that talk to agents or models with it are refused.',
    admin: 'Scripts that make keys or book prices with it are refused.',
  };
  const losses = scopeNames.filter((scope) => scopes.includes(scope)).map((scope) => words[scope]);
  if (isOwn) losses.push('It is the key you are signed in with: this page asks for another one.');
  if (lastUsedUnixNano === null) losses.push('It was never used.');
  return losses;
}
