import { describe, expect, it } from 'vitest';
import { decodeCapture, loadCaptures } from '../../support/captures.ts';
import { decodeSpans } from '../../support/otlp-decode.ts';

describe('decodeCapture', () => {
  it.each(loadCaptures().map((capture) => [capture.id, capture] as const))(
    'reads as many spans, log records and traces from %s as the index counts',
    (_id, capture) => {
      const { spans, logs } = decodeCapture(capture);
      expect({
        spans: spans.length,
        logs: logs.length,
        traces: new Set(spans.map(({ traceId }) => traceId)).size,
      }).toEqual({ spans: capture.spans, logs: capture.log_records, traces: capture.trace_ids });
    },
  );
});

describe('decodeSpans', () => {
  it('keeps nanoseconds and 64-bit integers that no JSON number holds', () => {
    const [span] = decodeSpans({
      contentType: 'application/json',
      body: Buffer.from(
        JSON.stringify({
          resourceSpans: [
            {
              scopeSpans: [
                {
                  spans: [
                    {
                      traceId: 'A'.repeat(32),
                      spanId: 'b'.repeat(16),
                      startTimeUnixNano: '1795376864718189541',
                      attributes: [{ key: 'big', value: { intValue: '9007199254740993' } }],
                    },
                  ],
                },
              ],
            },
          ],
        }),
      ),
    });
    expect(span).toMatchObject({
      traceId: 'a'.repeat(32),
      parentSpanId: null,
      startTimeUnixNano: '1795376864718189541',
      endTimeUnixNano: '0',
      attributes: { big: '9007199254740993' },
    });
  });

  it('throws on a value of an unknown kind instead of passing it over', () => {
    const body = { resourceSpans: [{ resource: { attributes: [{ key: 'k', value: { x: 1 } }] } }] };
    expect(() => decodeSpans({ contentType: 'application/json', body: Buffer.from(JSON.stringify(body)) })).toThrow();
  });
});
