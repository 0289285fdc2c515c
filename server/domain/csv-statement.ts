import type { StatementReply } from '../contract/statement.ts';
import type { Cost, Usage } from '../contract/values.ts';
import { type CsvCell, formatCsv } from './csv.ts';

const header = [
  ...['month', 'time_zone', 'cost_centre', 'team', 'agent', 'model', 'model_calls', 'priced_calls', 'unpriced_calls'],
  ...['input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens', 'cost_usd', 'amount_usd'],
];

/** What stands for everything that no rule owns. */
const unallocated = 'Unallocated';

/** One line for each line of a statement: `amount_usd` adds up to the statement, to the cent; `cost_usd` is exact. */
export function formatStatementCsv({ month, timeZone, centres }: StatementReply): string {
  const rows = centres.flatMap(({ costCentre, lines, rest }) => {
    const centre = [month, timeZone, costCentre ?? unallocated];
    return [
      ...lines.map((line): CsvCell[] => [...centre, line.team, line.agent, line.model, ...figuresOf(line)]),
      ...(rest === null ? [] : [[...centre, null, `${rest.lineCount} more`, null, ...figuresOf(rest)]]),
    ];
  });
  return formatCsv([header, ...rows]);
}

function figuresOf({ usage, cost, amountUsd }: { usage: Usage; cost: Cost; amountUsd: string }): CsvCell[] {
  return [
    ...[usage.modelCalls, cost.pricedCalls, cost.unpricedCalls, usage.inputTokens, usage.outputTokens],
    ...[usage.cacheReadTokens, usage.cacheWriteTokens, cost.usd, amountUsd],
  ].map((figure): CsvCell => (figure === null ? null : { figure }));
}
