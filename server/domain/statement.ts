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

/** The ledger's sums of a month: `rows` by cost centre, team, agent and model, the costliest first, add up to `totals`. */
interface Month {
  rows: readonly CostRow[];
  totals: Sums;
}

interface SharedLine {
  row: CostRow;
  cents: bigint;
}

interface SharedCentre extends Sums {
  costCentre: string | null;
  cents: bigint;
  /** By team, agent and model. */
  lines: ReadonlyMap<string, SharedLine>;
}

/**
 * A month as a statement, beside the month before. Cents of either are given out from its total to its centres and from each of
 * them to its lines: they are those of its own statement.
 */
export function buildStatement(month: Month, before: Month): Pick<StatementReply, 'total' | 'centres'> {
  const [now, past] = [shareMonth(month), shareMonth(before)];
  const names = [...new Set([...now.keys(), ...past.keys()])];
  const centres = names.map((costCentre): StatementCentre => {
    const [is, was] = [now.get(costCentre) ?? nothing, past.get(costCentre) ?? nothing];
    const lines = layLines(is.lines, was.lines);
    return {
      costCentre,
      teams: [...new Set(lines.flatMap(({ team }) => team ?? []))].toSorted(),
      ...amountsOf(is, was),
      ...cutLines(lines),
    };
  });
  centres.sort(compareCentres);
  const cents = { is: centsOf(month), was: centsOf(before) };
  return {
    total: amountsOf({ ...month.totals, cents: cents.is }, { ...before.totals, cents: cents.was }),
    centres,
  };
}

function shareMonth({ rows, totals }: Month): ReadonlyMap<string | null, SharedCentre> {
  const groups = Map.groupBy(rows, (row) => row.costCentre ?? null);
  const centres = [...groups].map(([costCentre, lines]) => ({ costCentre, lines, ...addUp(lines) }));
  // Of equal remainders the cent goes to the first: the order is that of the statement, not the database's.
  centres.sort(compareCentres);
  const cents = shareCents(centres.map(usdOf), roundToCents(usdOf(totals)));
  return new Map(
    centres.map((centre, i) => {
      const share = cents[i] ?? 0n;
      return [centre.costCentre, { ...centre, cents: share, lines: shareLines(centre.lines, share) }];
    }),
  );
}

function shareLines(rows: readonly CostRow[], total: bigint): Map<string, SharedLine> {
  const cents = shareCents(rows.map(usdOf), total);
  return new Map(rows.map((row, i) => [keyOf(row), { row, cents: cents[i] ?? 0n }]));
}

/** Lines of the month, the costliest first, then those that only the month before had. */
function layLines(is: SharedCentre['lines'], was: SharedCentre['lines']): StatementLine[] {
  return [...new Set([...is.keys(), ...was.keys()])].map((key) => {
    const [now, past] = [is.get(key), was.get(key)];
    const { team = null, agent = null, model = null } = now?.row ?? past?.row ?? {};
    return { team, agent, model, ...amountsOf(sumsOf(now), sumsOf(past)) };
  });
}

function cutLines(all: readonly StatementLine[]): Pick<StatementCentre, 'lines' | 'rest'> {
  const lines = all.slice(0, statementLinesMax);
  const others = all.slice(statementLinesMax);
  if (others.length === 0) return { lines, rest: null };
  const wholeCents = (of: (line: StatementLine) => string) =>
    others.reduce((sum, line) => sum + roundToCents(of(line)), 0n);
  return {
    lines,
    rest: {
      lineCount: others.length,
      ...addUp(others),
      amountUsd: formatCents(wholeCents((line) => line.amountUsd)),
      previousAmountUsd: formatCents(wholeCents((line) => line.previousAmountUsd)),
      previousCost: addUpCosts(others.map(({ previousCost }) => previousCost)),
    },
  };
}

type Cents = Sums & { cents: bigint };

function amountsOf(is: Cents, was: Cents): StatementReply['total'] {
  return {
    ...{ usage: is.usage, cost: is.cost, amountUsd: formatCents(is.cents) },
    ...{ previousAmountUsd: formatCents(was.cents), previousCost: was.cost },
  };
}

function sumsOf(line: SharedLine | undefined): Cents {
  return line === undefined ? nothing : { usage: line.row.usage, cost: line.row.cost, cents: line.cents };
}

function addUp(rows: readonly Sums[]): Sums {
  const sum = (of: (usage: Usage) => number) => rows.reduce((all, { usage }) => all + of(usage), 0);
  return {
    usage: {
      modelCalls: sum(({ modelCalls }) => modelCalls),
      inputTokens: sum(({ inputTokens }) => inputTokens),
      outputTokens: sum(({ outputTokens }) => outputTokens),
      cacheReadTokens: sum(({ cacheReadTokens }) => cacheReadTokens),
      cacheWriteTokens: sum(({ cacheWriteTokens }) => cacheWriteTokens),
      reasoningTokens: sum(({ reasoningTokens }) => reasoningTokens),
    },
    cost: addUpCosts(rows.map(({ cost }) => cost)),
  };
}

function addUpCosts(costs: readonly Cost[]): Cost {
  return {
    usd: sumAmounts(costs.map(({ usd }) => usd)),
    pricedCalls: costs.reduce((sum, { pricedCalls }) => sum + pricedCalls, 0),
    unpricedCalls: costs.reduce((sum, { unpricedCalls }) => sum + unpricedCalls, 0),
  };
}

/** Nothing happened: nothing is unknown about it. */
const nothing: SharedCentre = { costCentre: null, lines: new Map(), cents: 0n, ...addUp([]) };

function usdOf({ cost }: Pick<Sums, 'cost'>): string {
  return cost.usd ?? '0';
}

function centsOf({ totals }: Month): bigint {
  return roundToCents(usdOf(totals));
}

function keyOf({ team, agent, model }: CostRow): string {
  return JSON.stringify([team ?? null, agent ?? null, model ?? null]);
}

/** Costliest first; unallocated comes last, whatever it cost. */
function compareCentres(a: Pick<StatementCentre, 'costCentre' | 'cost'>, b: typeof a): number {
  if (a.costCentre === null || b.costCentre === null)
    return Number(a.costCentre === null) - Number(b.costCentre === null);
  const [first, second] = [parseAmount(usdOf(a)), parseAmount(usdOf(b))];
  if (first !== second) return first > second ? -1 : 1;
  return a.costCentre.localeCompare(b.costCentre, 'en');
}
