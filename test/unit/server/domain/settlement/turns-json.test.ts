import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeTurns, encodeTurns } from '../../../../../server/domain/settlement/turns-json.ts';

const traceId = 'a1'.repeat(16);
const uint64 = fc.bigInt(0n, 2n ** 64n - 1n);
const turn = fc.record({
  traceId: fc.constant(traceId),
  startNs: uint64,
  endNs: uint64,
  isError: fc.boolean(),
  inputMessageCount: fc.nat(),
  userMessageCount: fc.nat(),
  lastUserMessage: uint64,
});

describe('turns of a trace as text', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.array(turn), (turns) => {
        expect(decodeTurns(traceId, encodeTurns(turns))).toEqual(turns);
      }),
    );
  });

  it('do not repeat the id of the row', () => {
    expect(encodeTurns(fc.sample(turn, 1))).not.toContain(traceId);
  });

  it.each([
    '',
    '[',
    'null',
    '{}',
    '"turns"',
    '[null, 1, "a", []]',
    '[{"startNs": 1, "endNs": 2}]',
    '[{"startNs": "x"}]',
  ])('are none where the text has none: %s', (text) => {
    expect(decodeTurns(traceId, text)).toEqual([]);
  });

  it('are read from a release that knows fewer fields, or more', () => {
    expect(decodeTurns(traceId, '[{"startNs":"5","endNs":"7","mood":"good","userMessageCount":-1}]')).toEqual([
      {
        traceId,
        startNs: 5n,
        endNs: 7n,
        isError: false,
        inputMessageCount: 0,
        userMessageCount: 0,
        lastUserMessage: 0n,
      },
    ]);
  });
});
