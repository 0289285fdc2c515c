import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GroupChange, GroupState } from '../../../../../server/domain/alerts/group-state.ts';
import { stepGroup, type Look } from '../../../../../server/domain/alerts/step-group.ts';
import { ruleOf } from '../../../../support/alert-rules.ts';

const tickMs = 30_000;
type Fields = Parameters<typeof ruleOf>[0];

/** What is told, in words, of values half a minute apart. */
function tell(fields: Fields, values: readonly (number | null)[], mutes: Partial<Record<number, Partial<Look>>> = {}) {
  const rule = ruleOf(fields);
  let state: GroupState | undefined;
  const told: string[] = [];
  const states: string[] = [];
  for (const [i, value] of values.entries()) {
    const look = { atMs: i * tickMs, value, isSilenced: false, isAcknowledged: false, ...mutes[i] };
    const { after, change } = stepGroup(rule, state, look);
    if (change !== undefined) told.push(`${i}: ${inWords(change)}`);
    states.push(after.severity === null ? after.state : `${after.state} ${after.severity}`);
    state = after;
  }
  return { told, states };
}

function inWords({ from, to, severity, isReminder }: GroupChange): string {
  return `${from} > ${to}${severity === null ? '' : ` ${severity}`}${isReminder ? ' again' : ''}`;
}

const repeat = (value: number | null, times: number) => Array.from({ length: times }, () => value);

describe('a group of a rule', () => {
  it('fires at once without a time to wait, and is over after two minutes of calm', () => {
    const { told, states } = tell({ warning: 10 }, [5, 11, 11, 5, 5, 5, 5, 5]);
    expect(told).toEqual(['1: ok > firing warning', '7: firing > resolved warning']);
    expect(states.slice(2, 5)).toEqual(['firing warning', 'firing warning', 'firing warning']);
    expect(states[7]).toBe('resolved');
  });

  it('is pending for its time, and ok again when the value goes back meanwhile', () => {
    const { told, states } = tell({ warning: 10, forSeconds: 60 }, [11, 11, 5, 11, 11, 11]);
    expect(states).toEqual(['pending', 'pending', 'ok', 'pending', 'pending', 'firing warning']);
    expect(told).toEqual(['5: pending > firing warning']);
  });

  it('tells that a warning became critical, and not that it is a warning again', () => {
    const { told, states } = tell({ warning: 10, critical: 20 }, [11, 25, ...repeat(15, 6), ...repeat(1, 5)]);
    expect(told).toEqual(['0: ok > firing warning', '1: firing > firing critical', '12: firing > resolved warning']);
    expect(states[7]).toBe('firing warning');
  });

  it('with hysteresis is over only beyond the recovery', () => {
    const { told } = tell({ warning: 10, recovery: 8 }, [11, ...repeat(9, 20), ...repeat(8, 5)]);
    expect(told).toEqual(['0: ok > firing warning', '25: firing > resolved warning']);
  });

  it('below a limit fires with operator <', () => {
    const { told } = tell({ operator: '<', warning: 10, recovery: 12 }, [15, 9, ...repeat(11, 10), ...repeat(13, 5)]);
    expect(told).toEqual(['1: ok > firing warning', '16: firing > resolved warning']);
  });

  it('is told again after its time, unless somebody looks after it', () => {
    const fields = { warning: 10, renotifyMinutes: 5 };
    expect(tell(fields, repeat(11, 21)).told).toEqual([
      '0: ok > firing warning',
      '10: firing > firing warning again',
      '20: firing > firing warning again',
    ]);
    const looked = { 10: { isAcknowledged: true }, 11: { isAcknowledged: true } };
    expect(tell(fields, repeat(11, 12), looked).told).toEqual(['0: ok > firing warning']);
  });

  it('is told after a silence in which it began to fire', () => {
    const silenced = { 1: { isSilenced: true }, 2: { isSilenced: true } };
    expect(tell({ warning: 10 }, [1, 11, 11, 11, 11], silenced).told).toEqual([
      '1: ok > firing warning',
      '3: firing > firing warning again',
    ]);
  });

  it('is told after a silence only if it is worse than what was told before', () => {
    const fields = { warning: 10, critical: 20 };
    const silenced = Object.fromEntries(
      repeat(1, 9).map((_, i) => [i + 1, { isSilenced: true, isAcknowledged: true }]),
    );
    expect(tell(fields, repeat(11, 12), silenced).told).toEqual(['0: ok > firing warning']);
    const raised = ['0: ok > firing warning', '2: firing > firing critical'];
    expect(tell(fields, [11, 11, 25, ...repeat(15, 9)], silenced).told).toEqual(raised);
    const still = [...raised, '10: firing > firing critical again'];
    expect(tell(fields, [11, 11, ...repeat(25, 12)], silenced).told).toEqual(still);
  });

  it('is never told again what was told aloud, whatever is silenced and acknowledged', () => {
    const look = fc.record({
      value: fc.constantFrom(1, 15, 25),
      isSilenced: fc.boolean(),
      isAcknowledged: fc.boolean(),
    });
    const rule = ruleOf({ warning: 10, critical: 20 });
    const lasting = fc.array(fc.tuple(look, fc.integer({ min: 1, max: 8 })), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(lasting, (given) => {
        const looks = given.flatMap(([one, times]) => Array.from({ length: times }, () => one));
        let state: GroupState | undefined;
        let told = new Set<string | null>();
        for (const [i, one] of looks.entries()) {
          const { after, change } = stepGroup(rule, state, { atMs: i * tickMs, ...one });
          if (after.state !== 'firing' || state?.state !== 'firing') told = new Set();
          if (change?.isReminder === true) expect([...told]).not.toContain(change.severity);
          if (change !== undefined && !one.isSilenced) told.add(change.severity);
          // Nor does anybody who may be told go without the word.
          const isHeard = after.state !== 'firing' || one.isSilenced || one.isAcknowledged;
          expect(isHeard || told.has(after.severity) || told.has('critical')).toBe(true);
          state = after;
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it('without data is ok, no data, or firing, as the rule says', () => {
    expect(tell({ noDataAs: 'ok' }, [1, null, null]).told).toEqual([]);
    expect(tell({ noDataAs: 'firing', warning: 10, critical: 20 }, [1, null]).told).toEqual([
      '1: ok > firing critical',
    ]);
    expect(tell({ noDataAs: 'no_data' }, [1, null, null, 5]).told).toEqual([
      '1: ok > no_data warning',
      '3: no_data > ok',
    ]);
    expect(tell({ noDataAs: 'no_data' }, [1, null, 11]).told).toEqual([
      '1: ok > no_data warning',
      '2: no_data > firing warning',
    ]);
  });

  it('that fires stays so through a gap that is shorter than the calm', () => {
    expect(tell({ noDataAs: 'no_data' }, [11, null, null, 11]).told).toEqual(['0: ok > firing warning']);
  });

  it('never tells what it has just told, whatever the values do', () => {
    const values = fc.array(fc.option(fc.integer({ min: 0, max: 30 }), { nil: null }), {
      minLength: 1,
      maxLength: 200,
    });
    const fields = fc.record({
      warning: fc.constantFrom(10, null),
      critical: fc.constant(20),
      recovery: fc.constantFrom(8, null),
      forSeconds: fc.constantFrom(0, 60, 300),
      noDataAs: fc.constantFrom('ok' as const, 'no_data' as const, 'firing' as const),
    });
    fc.assert(
      fc.property(values, fields, (given, rule) => {
        const { told } = tell(rule, given);
        const [ticks, changes] = [
          told.map((line) => Number(line.split(':')[0])),
          told.map((line) => line.split(': ')[1] ?? ''),
        ];
        for (const [i, change] of changes.entries()) {
          const before = changes[i - 1];
          // Each message follows from the one before: nothing fires that fires, nothing ends that has not begun.
          const from = before?.split(' > ')[1]?.split(' ')[0] ?? 'ok';
          if (change.startsWith('firing')) expect(from).toBe('firing');
          if (change.includes('> resolved')) expect(from).toBe('firing');
          if (change.startsWith('no_data')) expect(from).toBe('no_data');
          // The same is told twice only of what became less bad, unsaid, and then as bad as before.
          if (change === before) expect(change).toBe('firing > firing critical');
          // What fires is over, or less bad, after two minutes at the earliest.
          if (change === before || change.includes('> resolved')) {
            expect((ticks[i] ?? 0) - (ticks[i - 1] ?? 0)).toBeGreaterThanOrEqual(4);
          }
        }
      }),
      { numRuns: 100000 },
    );
  });
});
