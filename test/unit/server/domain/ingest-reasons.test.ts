import { expect, it } from 'vitest';
import { metricsCode, rejectCode, unstorableCode } from '../../../../collector/numbers/reject-codes.ts';
import { findSpanFault, timeBounds } from '../../../../collector/map/fault.ts';
import type { OtlpSpan } from '../../../../collector/receive/otlp.ts';
import { rpcCodes } from '../../../../collector/receive/reply.ts';
import { explainRefusal, explainReject } from '../../../../server/domain/ingest-reasons.ts';

const nowMs = Date.UTC(2026, 10, 22);
const now = BigInt(nowMs) * 1_000_000n;
const good = {
  traceId: Buffer.alloc(16, 1),
  spanId: Buffer.alloc(8, 1),
  parentSpanId: Buffer.alloc(0),
  startTimeUnixNano: now,
  endTimeUnixNano: now,
};

it.each([
  ['trace_id_length', { traceId: Buffer.alloc(15, 1) }],
  ['trace_id_zero', { traceId: Buffer.alloc(16) }],
  ['span_id_length', { spanId: Buffer.alloc(0) }],
  ['span_id_zero', { spanId: Buffer.alloc(8) }],
  ['parent_span_id_length', { parentSpanId: Buffer.alloc(3) }],
  ['time_missing', { startTimeUnixNano: 0n }],
  ['time_too_old', { startTimeUnixNano: 1n }],
  ['time_in_future', { startTimeUnixNano: now * 2n }],
  ['time_out_of_range', { endTimeUnixNano: 2n ** 63n }],
] satisfies [string, Partial<OtlpSpan>][])('a span is counted as %s', (code, fields) => {
  const fault = findSpanFault({ ...good, ...fields } as unknown as OtlpSpan, timeBounds(nowMs, 400));
  expect(rejectCode(fault ?? '')).toBe(code);
});

it('every code that is counted is explained', () => {
  const codes = [
    ...['trace_id_length', 'trace_id_zero', 'span_id_length', 'span_id_zero', 'parent_span_id_length'],
    ...['time_missing', 'time_too_old', 'time_in_future', 'time_out_of_range', 'time_not_readable'],
    ...['not_a_genai_event', 'nested_too_deep', 'id_not_hexadecimal', 'malformed', metricsCode, unstorableCode],
  ];
  for (const code of codes) expect(explainReject(code).title).not.toBe(code);
  for (const status of Object.keys(rpcCodes)) expect(explainRefusal(status).title).not.toContain(status);
});

it('a reason that no table knows is shown as it is', () => {
  expect(explainReject('later')).toMatchObject({ title: 'later' });
  expect(rejectCode('kind "x" is none of UNSPECIFIED')).toBe('malformed');
});
