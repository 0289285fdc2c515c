import type { ResettlementOutcome } from '../contract/resettlements.ts';
import type { Cost } from '../contract/values.ts';
import { formatAmount, parseAmount } from '../domain/prices/amount.ts';

/** The lines that the command prints: a table by day and model of what changes, and the sums. */
export function formatOutcome(outcome: ResettlementOutcome, { commit }: { commit: boolean }): string[] {
  const changed = outcome.changes.filter(({ changedCount }) => changedCount > 0);
  const rows = changed.map(({ day, provider, model, before, after, changedCount }) => [
    day,
    [provider, model].filter(Boolean).join(' ') || '(no model)',
    ...[describe(before), describe(after), difference(before, after), String(changedCount)],
  ]);
  const total = ['all', '', describe(outcome.before), describe(outcome.after)];
  total.push(difference(outcome.before, outcome.after), String(outcome.changedCount));
  const lines =
    changed.length === 0
      ? ['nothing changes: every call of the window has the price that it would get now']
      : table([['day', 'model', 'before', 'after', 'difference', 'decisions'], ...rows, total]);
  if (outcome.expiredCount > 0) {
    lines.push(`${outcome.expiredCount} traces have no spans left and keep their amounts`);
  }
  const looked = `${outcome.traceCount.toLocaleString('en-US')} traces looked at`;
  if (changed.length > 0) {
    lines.push(commit ? `${looked}; written, and recorded` : `${looked}; nothing is written: add --commit to write it`);
  } else lines.push(looked);
  return lines;
}

function describe({ usd, unpricedCalls }: Cost): string {
  const amount = usd === null ? 'unknown' : `$${usd}`;
  return unpricedCalls === 0 ? amount : `${amount} + ${unpricedCalls} unpriced`;
}

function difference(before: Cost, after: Cost): string {
  const by = parseAmount(after.usd ?? '0') - parseAmount(before.usd ?? '0');
  return `${by < 0n ? '-' : '+'}$${formatAmount(by < 0n ? -by : by)}`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((text, column) => (column < 2 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
