import type { StatementLine, StatementReply } from '../contract/statement.ts';
import type { Cost } from '../contract/values.ts';
import { type CsvCell, formatCsv } from './csv.ts';
import { formatCents, roundToCents } from './round-cents.ts';

const header = [
  ...['month', 'time_zone', 'cost_centre', 'team', 'agent', 'model', 'model_calls', 'priced_calls', 'unpriced_calls'],
  ...['input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens', 'cost_usd', 'amount_usd'],
  ...['previous_cost_usd', 'previous_amount_usd', 'change_usd', 'change_percent'],
];

/** What stands for everything that no rule owns. */
const unallocated = 'Unallocated';

/**
 * One line for each line of a statement: `amount_usd` adds up to the statement, to the cent, `previous_amount_usd` to that of the
 * month before; `cost_usd` is exact. A change of what is not known is empty, and so is the per cent of what is new.
 */
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

type Amounts = Omit<StatementLine, 'team' | 'agent' | 'model'>;

function figuresOf({ usage, cost, amountUsd, previousCost, previousAmountUsd }: Amounts): CsvCell[] {
  const [is, was] = [roundToCents(amountUsd), roundToCents(previousAmountUsd)];
  const isKnown = !isUnknown(cost) && !isUnknown(previousCost);
  return [
    ...[usage.modelCalls, cost.pricedCalls, cost.unpricedCalls, usage.inputTokens, usage.outputTokens],
    ...[usage.cacheReadTokens, usage.cacheWriteTokens, cost.usd, amountUsd, previousCost.usd, previousAmountUsd],
    isKnown ? formatCents(is - was) : null,
    isKnown && was !== 0n ? ((Number(is - was) / Number(was)) * 100).toFixed(4) : null,
  ].map((figure): CsvCell => (figure === null ? null : { figure }));
}

function isUnknown({ usd, unpricedCalls }: Cost): boolean {
  return usd === null && unpricedCalls > 0;
}
