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
    expect(formatCostsCsv(rows, { groupBy: ['agent', 'model', 'label:team'], interval: 'day' })).toBe(
      [
        'day_utc,agent,model,label:team,model_calls,priced_calls,unpriced_calls,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,reasoning_tokens,cost_usd',
        `2026-11-22T00:00:00Z,'=cmd|x,,"a,b",3,2,1,10,20,4,5,6,0.100000000001`,
        '2026-11-23T00:00:00Z,b,m,,3,0,3,10,20,4,5,6,',
        '',
      ].join('\r\n'),
    );
  });

  it('has only its header when there are no rows', () => {
    expect(formatCostsCsv([], { groupBy: [], interval: undefined })).toMatch(/^model_calls,.*,cost_usd\r\n$/);
  });
});
