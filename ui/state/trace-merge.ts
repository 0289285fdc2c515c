import type { TraceSummary } from '../api/types.ts';

/** Newest first; of two that began together, by id, so that the order never flickers. */
export function compareNewest(a: TraceSummary, b: TraceSummary): number {
  const [startA, startB] = [BigInt(a.startTimeUnixNano), BigInt(b.startTimeUnixNano)];
  if (startA !== startB) return startA > startB ? -1 : 1;
  return a.traceId < b.traceId ? -1 : 1;
}

/** The rows with those that have grown replaced in place; `fresh` are the traces that no row shows yet. */
export function replaceKnown(
  rows: readonly TraceSummary[],
  arrived: readonly TraceSummary[],
): { rows: readonly TraceSummary[]; fresh: TraceSummary[] } {
  const byId = new Map(arrived.map((trace) => [trace.traceId, trace]));
  const replaced = rows.map((row) => byId.get(row.traceId) ?? row);
  for (const row of rows) byId.delete(row.traceId);
  const changed = byId.size < arrived.length;
  return { rows: changed ? replaced : rows, fresh: [...byId.values()] };
}

/** The rows, newest first, with traces put where their start belongs. */
export function insertNewest(rows: readonly TraceSummary[], fresh: readonly TraceSummary[]): TraceSummary[] {
  return [...fresh, ...rows].sort(compareNewest);
}

/**
 * A newly read first page over rows that reached further down: what lies below the page stays, so that a
 * refresh keeps the place of someone who has scrolled.
 */
export function layOver(page: readonly TraceSummary[], rows: readonly TraceSummary[]): TraceSummary[] {
  const last = page.at(-1);
  if (last === undefined) return [];
  const known = new Set(page.map((trace) => trace.traceId));
  return [...page, ...rows.filter((row) => !known.has(row.traceId) && compareNewest(row, last) > 0)];
}
