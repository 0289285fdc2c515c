import type { CostRow } from '../contract/costs.ts';
import type { StatementCentre, StatementLine, StatementReply } from '../contract/statement.ts';
import { statementLinesMax } from '../contract/statement.ts';
import type { Cost, Usage } from '../contract/values.ts';
import { parseAmount } from './prices/amount.ts';
import { formatCents, roundToCents, shareCents, sumAmounts } from './round-cents.ts';

interface Sums {
  usage: Usage;
  cost: Cost;
}

/**
 * The ledger's sums of a month as a statement. `rows` are by cost centre, team, agent and model, and add up to `totals`;
 * `previousRows` by cost centre. Cents are given out from the total to the centres and from each of them to its lines.
 */
export function buildStatement(input: {
  rows: readonly CostRow[];
  totals: Sums;
  previousRows: readonly CostRow[];
  previousTotals: Sums;
}): Pick<StatementReply, 'total' | 'centres'> {
  const { rows, totals, previousRows, previousTotals } = input;
  const previous = new Map(previousRows.map((row) => [row.costCentre ?? null, row.cost]));
  const groups = Map.groupBy(rows, (row) => row.costCentre ?? null);
  const names = [...new Set([...groups.keys(), ...previous.keys()])];
  const centres = names.map((costCentre) => {
    const lines = groups.get(costCentre) ?? [];
    return { costCentre, lines, ...addUp(lines), previousCost: previous.get(costCentre) ?? noCost };
  });
  // Of equal remainders the cent goes to the first: the order is that of the statement, not the database's.
  centres.sort(compareCentres);
  const total = roundToCents(totals.cost.usd ?? '0');
  const previousTotal = roundToCents(previousTotals.cost.usd ?? '0');
  const cents = shareCents(
    centres.map(({ cost }) => cost.usd ?? '0'),
    total,
  );
  const previousCents = shareCents(
    centres.map(({ previousCost }) => previousCost.usd ?? '0'),
    previousTotal,
  );
  return {
    total: {
      ...totals,
      amountUsd: formatCents(total),
      previousAmountUsd: formatCents(previousTotal),
      previousCost: previousTotals.cost,
    },
    centres: centres.map(({ lines, ...centre }, i): StatementCentre => ({
      ...centre,
      teams: [...new Set(lines.flatMap(({ team }) => team ?? []))].toSorted(),
      amountUsd: formatCents(cents[i] ?? 0n),
      previousAmountUsd: formatCents(previousCents[i] ?? 0n),
      ...layLines(lines, cents[i] ?? 0n),
    })),
  };
}

function layLines(rows: readonly CostRow[], total: bigint): Pick<StatementCentre, 'lines' | 'rest'> {
  const cents = shareCents(
    rows.map(({ cost }) => cost.usd ?? '0'),
    total,
  );
  const lines = rows.map(
    ({ team = null, agent = null, model = null, usage, cost }, i): StatementLine & { cents: bigint } => ({
      ...{ team, agent, model, usage, cost, amountUsd: formatCents(cents[i] ?? 0n), cents: cents[i] ?? 0n },
    }),
  );
  const shown = lines.slice(0, statementLinesMax).map(({ cents: _cents, ...line }) => line);
  const others = lines.slice(statementLinesMax);
  if (others.length === 0) return { lines: shown, rest: null };
  const amountUsd = formatCents(others.reduce((sum, line) => sum + line.cents, 0n));
  return { lines: shown, rest: { lineCount: others.length, ...addUp(others), amountUsd } };
}

function addUp(rows: readonly Sums[]): Sums {
  const sum = (of: (row: Sums) => number) => rows.reduce((all, row) => all + of(row), 0);
  return {
    usage: {
      modelCalls: sum(({ usage }) => usage.modelCalls),
      inputTokens: sum(({ usage }) => usage.inputTokens),
      outputTokens: sum(({ usage }) => usage.outputTokens),
      cacheReadTokens: sum(({ usage }) => usage.cacheReadTokens),
      cacheWriteTokens: sum(({ usage }) => usage.cacheWriteTokens),
      reasoningTokens: sum(({ usage }) => usage.reasoningTokens),
    },
    cost: {
      usd: sumAmounts(rows.map(({ cost }) => cost.usd)),
      pricedCalls: sum(({ cost }) => cost.pricedCalls),
      unpricedCalls: sum(({ cost }) => cost.unpricedCalls),
    },
  };
}

/** Nothing happened: nothing is unknown about it. */
const noCost: Cost = { usd: null, pricedCalls: 0, unpricedCalls: 0 };

/** Costliest first; unallocated comes last, whatever it cost. */
function compareCentres(a: Pick<StatementCentre, 'costCentre' | 'cost'>, b: typeof a): number {
  if (a.costCentre === null || b.costCentre === null)
    return Number(a.costCentre === null) - Number(b.costCentre === null);
  const [first, second] = [parseAmount(a.cost.usd ?? '0'), parseAmount(b.cost.usd ?? '0')];
  if (first !== second) return first > second ? -1 : 1;
  return a.costCentre.localeCompare(b.costCentre, 'en');
}
