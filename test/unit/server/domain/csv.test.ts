import { describe, expect, it } from 'vitest';
import { formatCostsCsv } from '../../../../server/domain/csv-costs.ts';
import { formatCsv } from '../../../../server/domain/csv.ts';

describe('a CSV file', () => {
  it.each([
    ['plain', 'plain'],
    ['', ''],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\nlines', '"two\nlines"'],
    ['two\r\nlines', '"two\r\nlines"'],
    [' padded ', '" padded "'],
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\tx', "'\tx"],
    ['\rx', `"'\rx"`],
    ['=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
    ['＝1', "'＝1"],
    ['a=b', 'a=b'],
    ['🎉 ünï', '🎉 ünï'],
  ])('holds %j as %j', (text, cell) => {
    expect(formatCsv([[text]])).toBe(`${cell}\r\n`);
  });

  it('leaves figures and empty cells as they are', () => {
    expect(formatCsv([['a', { figure: '-0.000000000001' }, null, { figure: 3 }], [null]])).toBe(
      'a,-0.000000000001,,3\r\n\r\n',
    );
  });
});

describe('costs as a CSV file', () => {
  const usage = {
    ...{ modelCalls: 3, inputTokens: 10, outputTokens: 20, cacheReadTokens: 4, cacheWriteTokens: 5 },
    reasoningTokens: 6,
  };
  const totals = { usage, cost: { usd: '0.200000000002', pricedCalls: 2, unpricedCalls: 4 } };

  it('has a header with units, then a line a row', () => {
    const rows = [
      {
        ...{ time: '2026-11-22T00:00:00Z', agent: '=cmd|x', model: null, labels: { team: 'a,b' }, usage },
        cost: { usd: '0.100000000001', pricedCalls: 2, unpricedCalls: 1 },
      },
      {
        ...{ time: '2026-11-23T00:00:00Z', agent: 'b', model: 'm', labels: { team: null }, usage },
        cost: { usd: null, pricedCalls: 0, unpricedCalls: 3 },
      },
    ];
    expect(
      formatCostsCsv({ rows, totals, groupBy: ['agent', 'model', 'label:team'], interval: 'day', metric: 'cost' }),
    ).toBe(
      [
        'day_utc,agent,model,label:team,model_calls,priced_calls,unpriced_calls,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,reasoning_tokens,cost_usd,share_percent',
        `2026-11-22T00:00:00Z,'=cmd|x,,"a,b",3,2,1,10,20,4,5,6,0.100000000001,50.0000`,
        '2026-11-23T00:00:00Z,b,m,,3,0,3,10,20,4,5,6,,',
        '',
      ].join('\r\n'),
    );
  });

  it('compared has both periods, also groups that only the one before has', () => {
    const row = (agent: string, usd: string | null) => ({
      ...{ agent, usage },
      cost: { usd, pricedCalls: usd === null ? 0 : 3, unpricedCalls: usd === null ? 3 : 0 },
    });
    const file = formatCostsCsv({
      ...{ rows: [row('a', '0.3'), row('new', '0.1')], totals: row('', '0.4') },
      ...{ groupBy: ['agent'], interval: undefined, metric: 'cost' },
      before: [row('gone', '0.5'), row('a', '0.2'), row('unknown', null)],
    });
    const lines = file.trim().split('\r\n');
    expect(lines[0]).toMatch(/cost_usd,share_percent,previous_usd,change_usd,change_percent$/);
    expect(lines.slice(1).map((line) => [line.split(',')[0], ...line.split(',').slice(-5)])).toEqual([
      ['a', '0.3', '75.0000', '0.2', '0.1', '50.0000'],
      ['new', '0.1', '25.0000', '0', '0.1', ''],
      ['gone', '0', '0.0000', '0.5', '-0.5', '-100.0000'],
      ['unknown', '0', '0.0000', '', '', ''],
    ]);
  });

  it('says what a session of each group costs, also where a group has none', () => {
    const row = (agent: string | null, usd: string | null) => ({
      ...{ agent, usage },
      cost: { usd, pricedCalls: usd === null ? 0 : 3, unpricedCalls: usd === null ? 3 : 0 },
    });
    const sums = (usd: string | null, sessions: number, usdPerSession: string | null) => ({
      ...{ sessions, successful: 0, failed: 0, usdPerSession, usdPerSuccessfulSession: null },
      cost: { usd, pricedCalls: 1, unpricedCalls: 0 },
    });
    const sessions = {
      totals: sums('0.2', 4, '0.05'),
      rows: [
        { values: ['a'], ...sums('0.2', 3, '0.066666666667') },
        { values: [null], ...sums(null, 1, null) },
      ],
    };
    const totals = row(null, '0.4');
    const file = formatCostsCsv({
      ...{ rows: [row('a', '0.3'), row('b', '0.1'), row(null, null)], totals },
      ...{ groupBy: ['agent'], interval: undefined, metric: 'cost', sessions },
    });
    const [header, ...lines] = file.trim().split('\r\n');
    expect(header).toMatch(/cost_usd,share_percent,sessions,session_cost_usd,usd_per_session$/);
    expect(lines.map((line) => [line.split(',')[0], ...line.split(',').slice(-3)])).toEqual([
      ['a', '3', '0.2', '0.066666666667'],
      ['b', '0', '', ''],
      ['', '1', '', ''],
    ]);
    const whole = formatCostsCsv({
      ...{ rows: [row(null, '0.4')], totals, groupBy: [], interval: undefined, metric: 'cost', sessions },
    });
    expect(whole.trim()).toMatch(/,4,0\.2,0\.05$/);
  });

  it('has only its header when there are no rows', () => {
    const file = formatCostsCsv({ rows: [], totals, groupBy: [], interval: undefined, metric: 'cost' });
    expect(file).toMatch(/^model_calls,.*,cost_usd,share_percent\r\n$/);
  });
});
