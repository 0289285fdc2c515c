import { expect, it } from 'vitest';
import type { Sender } from '../../../../collector/numbers/sender-names.ts';
import { Tally } from '../../../../collector/numbers/tally.ts';

const sender: Sender = { project: 'p', service: 's', client: 'c', signal: 'traces', protocol: 'grpc' };

it('adds up by sender and minute, and begins anew when it is taken', () => {
  const tally = new Tally();
  tally.add(sender, { what: 'stored', count: 1, nowMs: 60_000 });
  tally.add(sender, { what: 'stored', count: 2, nowMs: 119_999 });
  tally.add(sender, { what: 'stored', count: 4, nowMs: 120_000 });
  tally.add({ ...sender, service: 't' }, { what: 'rejected', detail: 'why', count: 8, nowMs: 120_001 });
  tally.add(sender, { what: 'stored', count: 0, nowMs: 180_000 });
  expect(tally.take()).toEqual([
    { ...sender, what: 'stored', detail: '', minuteMs: 60_000, count: 3, firstMs: 60_000, lastMs: 119_999 },
    { ...sender, what: 'stored', detail: '', minuteMs: 120_000, count: 4, firstMs: 120_000, lastMs: 120_000 },
    {
      ...sender,
      service: 't',
      what: 'rejected',
      detail: 'why',
      minuteMs: 120_000,
      count: 8,
      firstMs: 120_001,
      lastMs: 120_001,
    },
  ]);
  expect(tally.take()).toEqual([]);
});

it('stops to keep minutes apart, and loses nothing, where nothing is saved for long', () => {
  const tally = new Tally();
  for (let minute = 0; minute < 30_000; minute += 1)
    tally.add(sender, { what: 'stored', count: 1, nowMs: minute * 60_000 });
  const counts = tally.take();
  expect(counts).toHaveLength(20_001);
  expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(30_000);
});
