import type { Columns } from '../../migrations/schema.ts';
import { formatAmount } from '../domain/prices/amount.ts';
import {
  readSummaries,
  type SummaryKey,
  type SummaryTable,
  summaryTables,
  type SummaryText,
} from '../queries/doctor-summaries.ts';
import { placeKey, readPlaces } from '../queries/settlement-changes.ts';
import type { SummaryChanges } from '../settle/summarize.ts';
import type { Doctor } from './context.ts';
import { type Case, countOf } from './report.ts';

/** A summary that is not what the rules say; of a session, `traceId` is absent. */
export type SummaryDifference = Case;

type SummaryRow = SummaryChanges['traces' | 'sessionTraces' | 'sessions'][number];

const dayNs = 86_400_000_000_000n;
/** Not what a row says: by whom it was written. */
const stampColumns = new Set(['pass', 'is_deleted', 'digest', 'last_ingested_at']);
/** They expire earlier than the rest, here and in the skeletons they come from. */
const previewColumns = new Set(['input_preview', 'output_preview', 'first_input', 'last_output']);

/**
 * What settlement would write of summaries, beside what is stored, column by column. What differs only in previews that may have
 * expired, or in nothing that is said, is no difference.
 */
export async function describeSummaries(doctor: Doctor, changes: SummaryChanges): Promise<SummaryDifference[]> {
  return [
    ...(await describePlaces(doctor, changes.places)),
    ...(await describeRows(doctor, 'traces', changes.traces)),
    ...(await describeRows(doctor, 'sessionTraces', changes.sessionTraces)),
    ...(await describeRows(doctor, 'sessions', changes.sessions)),
  ];
}

async function describeRows(
  { db, scope }: Doctor,
  name: SummaryTable,
  rows: readonly SummaryRow[],
): Promise<SummaryDifference[]> {
  if (rows.length === 0) return [];
  const { table, columns } = summaryTables[name];
  const stored = await readSummaries(db, name, rows.map(keyOf));
  return rows.flatMap((row): SummaryDifference[] => {
    const found = stored.get(JSON.stringify(keyOf(row)));
    const place = {
      projectId: row.project_id,
      ...('trace_id' in row ? { traceId: hex(row.trace_id) } : {}),
      ...(name === 'traces' ? {} : { sessionId: row.session_id }),
    };
    const day = new Date(Number(row.start_time / 1_000_000n)).toISOString().slice(0, 10);
    if (row.is_deleted !== 0) {
      return found === undefined ? [] : [{ ...place, stored: `a row of ${table} on ${day}`, expected: 'none' }];
    }
    const wanted = textOf(row, columns);
    if (found === undefined) return [{ ...place, stored: `no row of ${table} on ${day}`, expected: inShort(wanted) }];
    const differing = differingColumns(found, wanted);
    const isOld = Number(('first_span_start' in row ? row.first_span_start : row.start_time) / dayNs);
    if (differing.every((column) => previewColumns.has(column) && isOld <= scope.contentDay)) return [];
    const show = (text: SummaryText) =>
      differing.map((column) => `${table}.${column} ${shorten(JSON.stringify(text[column] ?? null))}`).join(', ');
    return [{ ...place, stored: show(found), expected: show(wanted) }];
  });
}

async function describePlaces({ db }: Doctor, rows: SummaryChanges['places']): Promise<SummaryDifference[]> {
  if (rows.length === 0) return [];
  const stored = await readPlaces(db, [...new Set(rows.map((row) => hex(row.trace_id)))]);
  return rows.flatMap((row) => {
    const trace = { projectId: row.project_id, traceId: hex(row.trace_id) };
    const place = stored.get(placeKey(trace));
    if (place === undefined) return []; // a check of its own looks for these
    const show = (firstMs: number, lastMs: number, sessions: readonly string[]) =>
      `a place from ${new Date(firstMs).toISOString()} to ${new Date(lastMs).toISOString()} with ${countOf(sessions.length, 'session')}`;
    const expected = show(Number(row.first_ingested_at), Number(row.last_ingested_at), row.sessions);
    return [{ ...trace, stored: show(place.firstMs, place.lastMs, place.sessions), expected }];
  });
}

function keyOf(row: SummaryRow): SummaryKey {
  const day = String(row.start_time / dayNs);
  if (!('trace_id' in row)) return [row.project_id, day, row.session_id];
  return 'turns' in row
    ? [row.project_id, row.session_id, hex(row.trace_id)]
    : [row.project_id, day, hex(row.trace_id)];
}

function differingColumns(stored: SummaryText, wanted: SummaryText): string[] {
  return Object.keys(wanted).filter((column) => JSON.stringify(stored[column]) !== JSON.stringify(wanted[column]));
}

/** As `readSummaries` spells it. */
function textOf(row: SummaryRow, columns: Columns): SummaryText {
  const values = row as unknown as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(columns).flatMap(([column, type]) =>
      stampColumns.has(column) ? [] : [[column, valueText(values[column], type)]],
    ),
  );
}

function valueText(value: unknown, type: string): unknown {
  if (value instanceof Uint8Array) return hex(value);
  if (value instanceof Map) return [...(value as Map<string, string>)].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  if (typeof value === 'bigint') return type.includes('Decimal') ? formatAmount(value) : String(value);
  return value;
}

function inShort(wanted: SummaryText): string {
  const columns = ['start_time', 'span_count', 'model_calls', 'cost_usd'];
  return columns.map((column) => `${column} ${JSON.stringify(wanted[column] ?? null)}`).join(', ');
}

const shownMax = 120;
function shorten(text: string): string {
  return text.length <= shownMax ? text : `${text.slice(0, shownMax)}…`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
