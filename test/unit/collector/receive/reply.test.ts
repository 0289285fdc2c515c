import { describe, expect, it } from 'vitest';
import { encodeError, encodeStatus, encodeSuccess } from '../../../../collector/receive/reply.ts';
import { decodeMessage } from '../../../support/otlp-encode.ts';

const signals = [
  ['traces', 'ExportTraceServiceResponse', 'rejectedSpans'],
  ['logs', 'ExportLogsServiceResponse', 'rejectedLogRecords'],
  ['metrics', 'ExportMetricsServiceResponse', 'rejectedDataPoints'],
] as const;

describe.each(signals)('the reply to %s', (signal, type, field) => {
  it('is empty when everything was taken', () => {
    expect(encodeSuccess('protobuf', signal, undefined)).toHaveLength(0);
    expect(JSON.parse(encodeSuccess('json', signal, undefined).toString())).toEqual({});
  });

  it('gives count and reason of what was not', () => {
    const partialSuccess = { [field]: '3', errorMessage: '3 rejected: ü' };
    const partial = { rejected: 3, message: '3 rejected: ü' };
    expect(decodeMessage(type, encodeSuccess('protobuf', signal, partial))).toEqual({ partialSuccess });
    expect(JSON.parse(encodeSuccess('json', signal, partial).toString())).toEqual({ partialSuccess });
  });
});

describe('an error reply', () => {
  it('is a google.rpc.Status in either encoding', () => {
    expect(decodeMessage('RpcStatus', encodeError('protobuf', 14, 'later'))).toEqual({ code: 14, message: 'later' });
    expect(JSON.parse(encodeError('json', 14, 'later').toString())).toEqual({ code: 14, message: 'later' });
  });

  it('says when to try again', () => {
    const { code, details } = decodeMessage('RpcStatus', encodeStatus({ code: 8, message: 'm', retryAfterMs: 2_500 }));
    const [info] = details as { typeUrl: string; value: Buffer }[];
    expect([code, info?.typeUrl]).toEqual([8, 'type.googleapis.com/google.rpc.RetryInfo']);
    expect(decodeMessage('RetryInfo', info?.value ?? Buffer.alloc(0))).toEqual({
      retryDelay: { seconds: '2', nanos: 500_000_000 },
    });
  });
});
