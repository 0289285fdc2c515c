import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';

/** A call of the traces service on a connection of its own. */
interface RawCall {
  session: ClientHttp2Session;
  stream: ClientHttp2Stream;
  closed: Promise<void>;
  /** `grpc-status`, once it has come. */
  status: () => string | undefined;
}

/** A call whose bytes are written by hand. */
export function openRawCall(url: string, headers: OutgoingHttpHeaders = {}): RawCall {
  const session = connect(url);
  session.on('error', () => undefined);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  let seen: string | undefined;
  const note = (received: IncomingHttpHeaders) => {
    seen ??= received['grpc-status']?.toString();
  };
  stream.on('response', note);
  stream.on('trailers', note);
  stream.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => stream.once('close', resolve));
  return { session, stream, closed, status: () => seen };
}
