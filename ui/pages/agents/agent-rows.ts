import type { AgentSummary, CostRow, TrafficReply } from '../../api/types.ts';

type Traffic = TrafficReply['rows'][number];
type Spent = Pick<CostRow, 'usage' | 'cost'>;

/** One agent of the list: as it is declared, if it is, and what it did, if anything. */
export interface AgentRow {
  name: string;
  declared: AgentSummary | null;
  traffic: Traffic | null;
  spent: Spent | null;
}

/** Declared agents and those that spans name, the busiest first; those without traffic by name. */
export function listAgentRows({
  declared,
  traffic,
  costs,
}: {
  declared: readonly AgentSummary[] | null;
  traffic: Pick<TrafficReply, 'rows'>;
  costs: { rows: readonly CostRow[] };
}): AgentRow[] {
  const ofName = {
    declared: new Map((declared ?? []).map((agent) => [agent.name, agent])),
    traffic: new Map(traffic.rows.map((row) => [row.agent, row])),
    spent: new Map(costs.rows.flatMap((row) => (typeof row.agent === 'string' ? [[row.agent, row] as const] : []))),
  };
  const names = new Set([...ofName.declared.keys(), ...ofName.traffic.keys(), ...ofName.spent.keys()]);
  const rows = [...names].map((name) => ({
    name,
    declared: ofName.declared.get(name) ?? null,
    traffic: ofName.traffic.get(name) ?? null,
    spent: ofName.spent.get(name) ?? null,
  }));
  return rows.toSorted(
    (a, b) => (b.traffic?.traceCount ?? 0) - (a.traffic?.traceCount ?? 0) || (a.name < b.name ? -1 : 1),
  );
}

/** One revision of an agent: registered here, seen in traffic, or both. */
export interface RevisionRow {
  /** Null: spans that name none. */
  revision: string | null;
  registeredAt: string | null;
  isDeployed: boolean;
  /** When it was deployed last. */
  deployedAt: string | null;
  traffic: Traffic | null;
  spent: Spent | null;
}

/** Registered ones, newest first, then those that only spans know. */
export function listRevisionRows({
  agent,
  revisions,
  costs,
}: {
  agent: {
    revisions: readonly { revision: string; registeredAt: string; isDeployed: boolean }[];
    deployments: readonly { revision: string; deployedAt: string }[];
  } | null;
  revisions: TrafficReply['rows'];
  costs: { rows: readonly CostRow[] };
}): RevisionRow[] {
  const registered = (agent?.revisions ?? []).toSorted((a, b) => (a.registeredAt < b.registeredAt ? 1 : -1));
  const names = [
    ...registered.map(({ revision }) => revision),
    ...revisions.map(({ revision }) => revision ?? null),
    ...costs.rows.map(({ revision }) => revision ?? null),
  ];
  return [...new Set(names)].map((revision) => {
    const known = registered.find((one) => one.revision === revision);
    return {
      revision,
      registeredAt: known?.registeredAt ?? null,
      isDeployed: known?.isDeployed ?? false,
      deployedAt: agent?.deployments.find((one) => one.revision === revision)?.deployedAt ?? null,
      traffic: revisions.find((row) => (row.revision ?? null) === revision) ?? null,
      spent: costs.rows.find((row) => (row.revision ?? null) === revision) ?? null,
    };
  });
}

/** `2.1 %`; null where nothing was done. */
export function errorShare(traffic: { traceCount: number; errorCount: number } | null): string | null {
  if (traffic === null || traffic.traceCount === 0) return null;
  const percent = (100 * traffic.errorCount) / traffic.traceCount;
  if (percent === 0) return '0 %';
  if (percent < 0.1) return '< 0.1 %';
  return `${percent >= 9.95 ? percent.toFixed(0) : percent.toFixed(1)} %`;
}

/** The hash of a revision without the agent's name. */
export function shortRevision(revision: string): string {
  return revision.slice(revision.lastIndexOf('@') + 1);
}
