import type { Attribution, Skeleton } from './skeleton.ts';
import type { TraceTree } from './trace-tree.ts';

const noLabels: ReadonlyMap<string, string> = new Map();
export const nobody: Attribution = { sessionId: '', userId: '', agentName: '', agentVersion: '', labels: noLabels };

/**
 * Session, user, agent and labels of every span: its own, else its nearest ancestor's, else the one that the trace's other
 * spans agree on. An agent's version goes with its name. A label is inherited by key.
 */
export function inheritAttribution(tree: TraceTree): Map<Skeleton, Attribution> {
  const inherited = new Map<Skeleton, Attribution>();
  for (const span of tree.topDown()) {
    const parent = tree.parentOf(span);
    inherited.set(span, layOver(span, (parent === undefined ? undefined : inherited.get(parent)) ?? nobody));
  }
  const agreed = agreedAttribution(tree);
  for (const [span, attribution] of inherited) inherited.set(span, layOver(attribution, agreed));
  return inherited;
}

/** The upper one where it says something, else the lower one. */
export function layOver(upper: Attribution, lower: Attribution): Attribution {
  // Most spans say all or nothing: what is shared needs no memory of its own.
  if (addsNothing(upper, lower)) return upper;
  if (isNobody(upper)) return lower;
  const agent = upper.agentName === '' ? lower : upper;
  return {
    sessionId: upper.sessionId || lower.sessionId,
    userId: upper.userId || lower.userId,
    agentName: agent.agentName,
    agentVersion: agent.agentVersion,
    labels: layLabels(upper.labels, lower.labels),
  };
}

function addsNothing(upper: Attribution, lower: Attribution): boolean {
  return (
    (upper.sessionId !== '' || lower.sessionId === '') &&
    (upper.userId !== '' || lower.userId === '') &&
    (upper.agentName !== '' || (lower.agentName === '' && lower.agentVersion === upper.agentVersion)) &&
    lower.labels.size === 0
  );
}

function isNobody({ sessionId, userId, agentName, labels }: Attribution): boolean {
  return sessionId === '' && userId === '' && agentName === '' && labels.size === 0;
}

/** Labels of one span with those of all above it: its own come first. */
const labelsMax = 64;

function layLabels(
  upper: ReadonlyMap<string, string>,
  lower: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  if (lower.size === 0) return upper;
  if (upper.size === 0) return lower;
  const laid = new Map(upper);
  for (const [key, value] of lower) if (laid.size < labelsMax && !laid.has(key)) laid.set(key, value);
  return laid;
}

/** What is the same wherever the trace's spans say it; labels are not guessed. */
function agreedAttribution({ spans }: TraceTree): Attribution {
  const agent = only(spans.map(({ agentName }) => agentName));
  return {
    sessionId: only(spans.map(({ sessionId }) => sessionId)),
    userId: only(spans.map(({ userId }) => userId)),
    agentName: agent,
    agentVersion:
      agent === '' ? '' : only(spans.filter((span) => span.agentName === agent).map((span) => span.agentVersion)),
    labels: noLabels,
  };
}

function only(values: readonly string[]): string {
  const distinct = new Set(values.filter((value) => value !== ''));
  const [first] = distinct;
  return distinct.size === 1 && first !== undefined ? first : '';
}
