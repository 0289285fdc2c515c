import type { OtlpSpan } from '../../receive/otlp.ts';
import type { Reading } from '../reading.ts';
import { fromTable, row } from '../table.ts';
import { identity } from '../readers.ts';
import { text } from '../value.ts';

/** Names that belong to no agent convention: OpenTelemetry's own for sessions and users. */
export const general = fromTable({
  name: '',
  speaks: () => true,
  rows: [
    row('sessionId', 'session.id', identity),
    row('userId', 'user.id', identity),
    row('userId', 'enduser.id', identity),
  ],
});

export interface SpanOutcome {
  status: 'unset' | 'ok' | 'error';
  errorType: string;
  errorMessage: string;
}

/**
 * A span failed when it says so, or when it has `error.type` or an exception and says nothing, or when its convention says so.
 * The type is `error.type`, else the exception's, else the HTTP status, else the convention's; the message the status's, else
 * the exception's, else the convention's.
 */
export function readOutcome(span: OtlpSpan, reading: Reading): SpanOutcome {
  const exception = span.events.findLast(({ name }) => name === 'exception')?.attributes;
  const errorType = text(span.attributes.get('error.type'));
  const failed =
    span.statusCode === 2 ||
    reading.hasFailed === true ||
    (span.statusCode !== 1 && (errorType !== undefined || exception !== undefined));
  if (!failed)
    return { status: span.statusCode === 1 ? 'ok' : 'unset', errorType: '', errorMessage: span.statusMessage };
  const httpStatus = text(span.attributes.get('http.response.status_code'));
  return {
    status: 'error',
    errorType: errorType ?? text(exception?.get('exception.type')) ?? httpStatus ?? reading.errorType ?? '',
    errorMessage: span.statusMessage || (text(exception?.get('exception.message')) ?? reading.errorMessage ?? ''),
  };
}
