import type { OtlpSpan } from '../receive/otlp.ts';
import { type Convention, withoutUndefined } from './reading.ts';
import { text } from './value.ts';

/** Names that belong to no agent convention: OpenTelemetry's own for sessions and users. */
export const general: Convention = {
  name: '',
  read({ attributes }) {
    const sessionId = text(attributes.get('session.id'));
    const userId = text(attributes.get('user.id')) ?? text(attributes.get('enduser.id'));
    return { reading: withoutUndefined({ sessionId, userId }), content: {} };
  },
};

export interface SpanOutcome {
  status: 'unset' | 'ok' | 'error';
  errorType: string;
  errorMessage: string;
}

/**
 * A span failed when it says so, or when it has `error.type` or an exception and says nothing. The type is `error.type`, else
 * the exception's, else the HTTP status; the message the status's, else the exception's.
 */
export function readOutcome(span: OtlpSpan): SpanOutcome {
  const exception = span.events.findLast(({ name }) => name === 'exception')?.attributes;
  const errorType = text(span.attributes.get('error.type'));
  const failed =
    span.statusCode === 2 || (span.statusCode !== 1 && (errorType !== undefined || exception !== undefined));
  if (!failed)
    return { status: span.statusCode === 1 ? 'ok' : 'unset', errorType: '', errorMessage: span.statusMessage };
  const httpStatus = text(span.attributes.get('http.response.status_code'));
  return {
    status: 'error',
    errorType: errorType ?? text(exception?.get('exception.type')) ?? httpStatus ?? '',
    errorMessage: span.statusMessage || (text(exception?.get('exception.message')) ?? ''),
  };
}
