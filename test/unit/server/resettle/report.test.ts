import { expect, it } from 'vitest';
import { formatOutcome } from '../../../../server/resettle/report.ts';

const cost = (usd: string | null, pricedCalls: number, unpricedCalls: number) => ({ usd, pricedCalls, unpricedCalls });

it('says what changes by day and model, exactly', () => {
  const changes = [
    {
      day: '2026-11-20',
      provider: 'openai',
      model: 'mine',
      before: cost(null, 0, 3),
      after: cost('0.000000000001', 3, 0),
      changedCount: 3,
    },
    {
      day: '2026-11-21',
      provider: '',
      model: 'other',
      before: cost('12.5', 2, 0),
      after: cost('10', 2, 0),
      changedCount: 2,
    },
    {
      day: '2026-11-22',
      provider: '',
      model: 'same',
      before: cost('1', 1, 0),
      after: cost('1', 1, 0),
      changedCount: 0,
    },
  ];
  const outcome = {
    ...{ before: cost('13.5', 3, 3), after: cost('11.000000000001', 6, 0), changedCount: 5, traceCount: 1_234 },
    ...{ expiredCount: 2, changes, changeCount: 3 },
  };
  expect(formatOutcome(outcome, { commit: false })).toEqual([
    'day         model                      before             after        difference  decisions',
    '2026-11-20  openai mine  unknown + 3 unpriced   $0.000000000001  +$0.000000000001          3',
    '2026-11-21  other                       $12.5               $10             -$2.5          2',
    'all                        $13.5 + 3 unpriced  $11.000000000001  -$2.499999999999          5',
    '2 traces have no spans left and keep their amounts',
    '1,234 traces looked at; nothing is written: add --commit to write it',
  ]);
  expect(formatOutcome({ ...outcome, changes: [], expiredCount: 0 }, { commit: true })).toEqual([
    'nothing changes: every call of the window has the price that it would get now',
    '1,234 traces looked at',
  ]);
});
