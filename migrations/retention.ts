import type { ClickHouseClient } from '@clickhouse/client';
import { tables } from './schema.ts';

export interface Retention {
  /** Spans, events, ledger, summaries. */
  retentionDays: number;
  /** Messages and payload columns; never longer than `retentionDays` has an effect. */
  contentDays: number;
}

interface Rule {
  table: string;
  column?: string;
  expression: string;
}

const payloadColumns: [table: string, day: string, columns: string[]][] = [
  [
    tables.spans,
    'toDate(start_time)',
    [
      'content_attributes',
      'tool_arguments',
      'tool_result',
      'input_value',
      'output_value',
      'input_preview',
      'output_preview',
    ],
  ],
  [tables.skeletons, 'toDate(start_time)', ['input_preview', 'output_preview']],
  [tables.spanEvents, 'toDate(time)', ['body', 'input_preview', 'output_preview']],
  [tables.eventSkeletons, 'toDate(time)', ['input_preview', 'output_preview']],
  [tables.sessionTraces, 'toDate(start_time)', ['first_input', 'last_output']],
  [tables.traces, 'toDate(start_time)', ['input_preview', 'output_preview']],
  [tables.sessions, 'toDate(start_time)', ['first_input', 'last_output']],
];

/**
 * Makes every table forget after the days given, by ClickHouse TTL; changes only what differs, so it is cheap at every start.
 * Whole partitions are dropped, payload columns are emptied by a merge.
 */
export async function applyRetention(
  client: ClickHouseClient,
  { retentionDays, contentDays }: Retention,
): Promise<void> {
  const reply = await client.query({
    query:
      'SELECT name, create_table_query AS definition FROM system.tables WHERE database = currentDatabase() LIMIT 1000',
    format: 'JSONEachRow',
  });
  const definitions = new Map<string, string>();
  for (const { name, definition } of await reply.json<{ name: string; definition: string }>()) {
    definitions.set(name, definition);
  }
  const changes = new Map<string, string[]>();
  for (const { table, column, expression } of rules({ retentionDays, contentDays })) {
    const definition = definitions.get(table);
    if (definition === undefined) throw new Error(`table ${table} is missing: run the migrations first`);
    if (isInForce(definition, column, expression)) continue;
    const change = column === undefined ? `MODIFY TTL ${expression}` : `MODIFY COLUMN ${column} TTL ${expression}`;
    // A table's own TTL comes last: its list of expressions would swallow what follows.
    const others = changes.get(table) ?? [];
    changes.set(table, column === undefined ? [...others, change] : [change, ...others]);
  }
  // One statement a table: each is one pass over its parts.
  for (const [table, list] of changes) await client.command({ query: `ALTER TABLE ${table} ${list.join(', ')}` });
}

function rules({ retentionDays, contentDays }: Retention): Rule[] {
  const after = (day: string, days: number) => `${day} + toIntervalDay(${String(days)})`;
  const whole: Rule[] = [
    { table: tables.spans, expression: after('toDate(start_time)', retentionDays) },
    { table: tables.spanEvents, expression: after('toDate(time)', retentionDays) },
    { table: tables.traces, expression: after('toDate(start_time)', retentionDays) },
    { table: tables.sessions, expression: after('toDate(end_time)', retentionDays) },
    { table: tables.sessionTraces, expression: after('toDate(end_time)', retentionDays) },
    { table: tables.scores, expression: after('toDate(time)', retentionDays) },
    { table: tables.audit, expression: after('toDate(time)', retentionDays) },
    { table: tables.alertTicks, expression: after('toDate(written_at)', retentionDays) },
    { table: tables.alertStates, expression: after('toDate(evaluated_to)', retentionDays) },
    { table: tables.alertEvents, expression: after('toDate(at)', retentionDays) },
    // By arrival: a span that is still accepted must find its trace's skeletons and decisions.
    { table: tables.skeletons, expression: after('toDate(ingested_at)', retentionDays) },
    { table: tables.tracePlaces, expression: after('toDate(last_ingested_at)', retentionDays) },
    { table: tables.eventSkeletons, expression: after('toDate(ingested_at)', retentionDays) },
    { table: tables.ledger, expression: after('toDate(booked_at)', retentionDays) },
    // A week is kept until its last day has had its content days.
    { table: tables.messages, expression: after('week', Math.min(contentDays, retentionDays) + 7) },
  ];
  const payloads = payloadColumns.flatMap(([table, day, columns]) =>
    columns.map((column) => ({ table, column, expression: after(day, Math.min(contentDays, retentionDays)) })),
  );
  return [...whole, ...payloads];
}

/** `definition` is the table's CREATE statement on one line, as ClickHouse formats it. */
function isInForce(definition: string, column: string | undefined, expression: string): boolean {
  if (column === undefined) return definition.includes(` TTL ${expression} SETTINGS `);
  const start = definition.indexOf(`\`${column}\` `);
  const end = definition.indexOf(', `', start);
  return definition.slice(start, end < 0 ? undefined : end).includes(` TTL ${expression}`);
}
