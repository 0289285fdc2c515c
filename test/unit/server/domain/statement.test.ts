import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CostRow } from '../../../../server/contract/costs.ts';
import { statementLinesMax } from '../../../../server/contract/statement.ts';
import { formatStatementCsv } from '../../../../server/domain/csv-statement.ts';
import { formatAmount, parseAmount } from '../../../../server/domain/prices/amount.ts';
import { sumAmounts } from '../../../../server/domain/round-cents.ts';
import { buildStatement } from '../../../../server/domain/statement.ts';

const usageOf = (modelCalls: number) => ({
  ...{ modelCalls, inputTokens: 10 * modelCalls, outputTokens: modelCalls, cacheReadTokens: 0, cacheWriteTokens: 0 },
  reasoningTokens: 0,
});
const costOf = (usd: string | null) => ({
  usd,
  pricedCalls: usd === null ? 0 : 1,
  unpricedCalls: usd === null ? 1 : 0,
});
const row = (costCentre: string | null, agent: string, usd: string | null): CostRow => ({
  ...{ costCentre, team: costCentre === null ? null : `team of ${costCentre}`, agent, model: 'm' },
  ...{ usage: usageOf(1), cost: costOf(usd) },
});

function build(rows: CostRow[], previousRows: CostRow[] = []) {
  const totalsOf = (all: CostRow[]) => ({
    usage: usageOf(all.length),
    cost: {
      usd: sumAmounts(all.map(({ cost }) => cost.usd)),
      pricedCalls: all.filter(({ cost }) => cost.usd !== null).length,
      unpricedCalls: all.filter(({ cost }) => cost.usd === null).length,
    },
  });
  return buildStatement({ rows, totals: totalsOf(rows) }, { rows: previousRows, totals: totalsOf(previousRows) });
}

const centsOf = (usd: string) => Math.round(Number(usd) * 100);

describe('a statement', () => {
  it('has the costliest centre first and unallocated last, whatever it cost', () => {
    const { centres } = build([row(null, 'x', '9'), row('A', 'x', '1'), row('B', 'x', '2')]);
    expect(centres.map(({ costCentre, amountUsd }) => [costCentre, amountUsd])).toEqual([
      ['B', '2.00'],
      ['A', '1.00'],
      [null, '9.00'],
    ]);
  });

  it('gives a cent that two have lost as much of to the costlier one', () => {
    const { centres } = build([row(null, 'x', '0.335'), row('A', 'x', '0.3325'), row('A', 'y', '0.3325')]);
    expect(centres.map(({ amountUsd, lines }) => [amountUsd, ...lines.map((line) => line.amountUsd)])).toEqual([
      ['0.67', '0.34', '0.33'],
      ['0.33', '0.33'],
    ]);
  });

  it('keeps a centre that spent only in the month before', () => {
    const { centres, total } = build([row('A', 'x', '1')], [row('A', 'x', '0.5'), row('gone', 'x', '3')]);
    expect(centres.map((one) => [one.costCentre, one.amountUsd, one.previousAmountUsd])).toEqual([
      ['A', '1.00', '0.50'],
      ['gone', '0.00', '3.00'],
    ]);
    expect(total.previousAmountUsd).toBe('3.50');
  });

  it('has what each line cost in the month before; lines that only that month had come last', () => {
    const { centres } = build(
      [row('A', 'x', '2'), row('A', 'new', '1')],
      [row('A', 'gone', '9'), row('A', 'x', '0.5'), row('B', 'x', '0.25')],
    );
    const lines = centres.flatMap((centre) =>
      centre.lines.map((line) => [centre.costCentre, line.agent, line.amountUsd, line.previousAmountUsd]),
    );
    expect(lines).toEqual([
      ['A', 'x', '2.00', '0.50'],
      ['A', 'new', '1.00', '0.00'],
      ['A', 'gone', '0.00', '9.00'],
      ['B', 'x', '0.00', '0.25'],
    ]);
    const [, fresh, gone] = centres[0]?.lines ?? [];
    expect([fresh?.previousCost, gone?.cost]).toEqual([
      { usd: null, pricedCalls: 0, unpricedCalls: 0 },
      { usd: null, pricedCalls: 0, unpricedCalls: 0 },
    ]);
  });

  it('leaves what has no price out of amounts, and counts it', () => {
    const { total, centres } = build([row('A', 'x', null), row('A', 'y', '0.1')]);
    expect(total.cost).toEqual({ usd: '0.1', pricedCalls: 1, unpricedCalls: 1 });
    expect(centres[0]?.lines.map(({ cost, amountUsd }) => [cost.usd, amountUsd])).toEqual([
      [null, '0.00'],
      ['0.1', '0.10'],
    ]);
  });

  it('ties out to the cent: lines with their centre, centres with the total, at any amounts', () => {
    const amount = fc.option(fc.bigInt({ min: 0n, max: 10n ** 14n }).map(formatAmount), { freq: 9 });
    const line = fc.tuple(fc.constantFrom('A', 'B', 'C', null), fc.string({ maxLength: 3 }), amount);
    // One line of each name, as a grouped query answers.
    const month = fc.uniqueArray(line, {
      maxLength: 60,
      selector: ([centre, agent]) => JSON.stringify([centre, agent]),
    });
    const rowsOf = (lines: readonly [string | null, string, string | null][]) =>
      lines.map(([centre, agent, usd]) => row(centre, agent, usd));
    fc.assert(
      fc.property(month, month, (lines, before) => {
        const { total, centres } = build(rowsOf(lines), rowsOf(before));
        for (const name of ['amountUsd', 'previousAmountUsd'] as const) {
          const amountOf = (one: Record<typeof name, string>) => centsOf(one[name]);
          expect(centres.reduce((sum, one) => sum + amountOf(one), 0)).toBe(amountOf(total));
          for (const centre of centres) {
            expect(centre.lines.reduce((sum, one) => sum + amountOf(one), 0)).toBe(amountOf(centre));
          }
        }
        expect(sumAmounts(centres.map(({ cost }) => cost.usd))).toBe(total.cost.usd);
        expect(sumAmounts(centres.map(({ previousCost }) => previousCost.usd))).toBe(total.previousCost.usd);
      }),
      { numRuns: 300, seed: 8 },
    );
  });

  it('puts lines beyond the costliest ones together', () => {
    const rows = Array.from({ length: statementLinesMax + 7 }, (_, i) => row('A', `agent-${i}`, '0.003'));
    const before = [row('A', `agent-${statementLinesMax}`, '1.5'), row('A', 'agent-0', '2')];
    const [centre] = build(rows, before).centres;
    expect(centre?.lines).toHaveLength(statementLinesMax);
    expect(centre?.rest?.lineCount).toBe(7);
    const lines = centre?.lines.reduce((sum, one) => sum + centsOf(one.amountUsd), 0) ?? 0;
    expect(lines + centsOf(centre?.rest?.amountUsd ?? '0')).toBe(centsOf(centre?.amountUsd ?? '0'));
    expect(parseAmount(centre?.rest?.cost.usd ?? '0')).toBe(parseAmount('0.021'));
    expect([centre?.rest?.previousAmountUsd, centre?.previousAmountUsd]).toEqual(['1.50', '3.50']);
  });

  it('is a file whose amounts add up to the total, with the change of each line', () => {
    const built = build(
      [row('A', '=cmd', '0.005'), row('A', 'b', '0.005'), row('B', 'd', null), row(null, 'c', '3.004')],
      [row('A', 'b', '0.25'), row('B', 'd', '1'), row(null, 'c', '2')],
    );
    const text = formatStatementCsv({
      ...built,
      ...{ month: '2026-10', timeZone: 'UTC', from: '', to: '', isFinal: true, ownerRules: 1 },
      booked: { verifiedTo: null },
    });
    const [header = '', ...lines] = text.trim().split('\r\n');
    expect(lines).toEqual([
      "2026-10,UTC,A,team of A,'=cmd,m,1,1,0,10,1,0,0,0.005,0.01,,0.00,0.01,",
      '2026-10,UTC,A,team of A,b,m,1,1,0,10,1,0,0,0.005,0.00,0.25,0.25,-0.25,-100.0000',
      '2026-10,UTC,B,team of B,d,m,1,0,1,10,1,0,0,,0.00,1,1.00,,',
      '2026-10,UTC,Unallocated,,c,m,1,1,0,10,1,0,0,3.004,3.00,2,2.00,1.00,50.0000',
    ]);
    const sumOf = (name: string) => {
      const place = header.split(',').indexOf(name);
      return lines.reduce((all, line) => all + centsOf(line.split(',')[place] ?? ''), 0);
    };
    expect(sumOf('amount_usd')).toBe(centsOf(built.total.amountUsd));
    expect(sumOf('previous_amount_usd')).toBe(centsOf(built.total.previousAmountUsd));
  });
});
