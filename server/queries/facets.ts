import { tables } from '../../migrations/schema.ts';
import { type FacetName, facetNames, type FacetsReply } from '../contract/traces.ts';
import type { Filters, TimeWindow, ValueFilter } from '../domain/filters.ts';
import type { Db } from './db.ts';
import { activeValueFilters, modelColumn } from './span-filter.ts';
import { spansInScan, traceKeyParameters, traceKeysSql, type TraceSelection } from './trace-keys.ts';
import { selectTraces } from './trace-selection.ts';

/** Values of one facet. */
const valuesMax = 20;

const facetColumns: Readonly<Record<ValueFilter, string>> = {
  agent: 'agent_name',
  model: modelColumn,
  user: 'user_id',
  session: 'session_id',
  tool: 'tool_name',
  provider: 'provider',
  service: 'service_name',
  environment: 'environment',
  kind: 'kind',
};

interface ValueRow {
  facet: FacetName;
  facetValue: string;
  traceCount: string;
}

/**
 * The commonest values of every filter, with the number of matching traces that have them (about, beyond 65 536). A filter
 * does not restrict its own facet, so that its other values stay in sight. One scan of the window, and one more for each
 * filter that is set.
 */
export async function listFacets(
  db: Db,
  request: { projectId: string; window: TimeWindow; filters: Filters },
): Promise<FacetsReply> {
  const selection = await selectTraces(db, request);
  const rows = selection === undefined ? [] : await readFacets(db, selection);
  return {
    facets: facetNames.map((name) => {
      const ofFacet = rows.filter((row) => row.facet === name);
      const values = ofFacet.slice(0, valuesMax).map((row) => ({
        value: row.facetValue,
        traceCount: Number(row.traceCount),
      }));
      return { name, values, more: ofFacet.length > valuesMax };
    }),
  };
}

async function readFacets(db: Db, selection: TraceSelection): Promise<ValueRow[]> {
  const active = activeValueFilters(selection.filters);
  const shared = (Object.keys(facetColumns) as ValueFilter[]).filter((name) => !active.includes(name));
  const groups = [
    readValues(db, selection, shared),
    ...active.map((name) => readValues(db, selection, [name], name)),
    readStatuses(db, selection),
  ];
  return (await Promise.all(groups)).flat();
}

/** Distinct traces by value, for several facets in one scan: each is a grouping set. */
async function readValues(
  db: Db,
  selection: TraceSelection,
  facets: readonly ValueFilter[],
  without?: ValueFilter,
): Promise<ValueRow[]> {
  if (facets.length === 0) return [];
  const names = facets.map((_, index) => `v${index}`);
  const nameOfSet = facets.map((facet, index) => `grouping(v${index}) = 0, '${facet}'`);
  return db.rows<ValueRow>(
    `SELECT facet, facetValue, traceCount
     FROM (
       SELECT multiIf(${nameOfSet.join(', ')}, '') AS facet, concat(${names.join(', ')}, '') AS facetValue, uniq(trace_id) AS traceCount
       FROM (
         SELECT trace_id, ${facets.map((facet, index) => `toString(${facetColumns[facet]}) AS v${index}`).join(', ')}
         FROM ${tables.spans}
         WHERE ${spansInScan} AND trace_id IN (SELECT trace_id FROM (${traceKeysSql(selection, { without })}))
       )
       GROUP BY GROUPING SETS (${names.map((name) => `(${name})`).join(', ')})
     )
     WHERE facetValue != ''
     ORDER BY facet, traceCount DESC, facetValue
     LIMIT {valuesPlusOne:UInt32} BY facet
     LIMIT {limit:UInt32}`,
    {
      ...traceKeyParameters(selection),
      valuesPlusOne: valuesMax + 1,
      limit: (valuesMax + 1) * facets.length,
    },
  );
}

/** A trace's own status, not those of its spans. */
async function readStatuses(db: Db, selection: TraceSelection): Promise<ValueRow[]> {
  return db.rows<ValueRow>(
    `SELECT 'status' AS facet, if(isError, 'error', 'ok') AS facetValue, count() AS traceCount
     FROM (${traceKeysSql(selection, { without: 'status' })})
     GROUP BY facetValue
     ORDER BY traceCount DESC, facetValue
     LIMIT 2`,
    traceKeyParameters(selection),
  );
}
