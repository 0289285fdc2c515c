import { gunzipSync } from 'node:zlib';
import { type Capture, type CaptureRequest, readCaptureBody } from './captures.ts';
import { decodeMessage, encodings, type WireSpan, type WireTraces } from './otlp-encode.ts';

/** How the requests of a capture are sent. Whichever way, what comes out is the same. */
export interface SendingWay {
  /** The last request first. */
  reversed?: boolean | undefined;
  /** How often each request is sent, one after the other. */
  times?: number | undefined;
  /** A request for each span, children before their parents; with `reversed`, parents before their children. */
  split?: boolean | undefined;
}

/** One request, ready to be sent. */
export interface CapturePost {
  what: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer;
}

/** The requests of a capture in the order in which they are to be sent; by default byte for byte as its SDK did. */
export function planPosts({ requests }: Capture, { reversed = false, times = 1, split = false }: SendingWay = {}) {
  const posts = split ? splitRequests(requests) : requests.map(postOf);
  const ordered = reversed ? posts.toReversed() : posts;
  return ordered.flatMap((post) => Array.from({ length: times }, () => post));
}

function postOf(request: CaptureRequest): CapturePost {
  const encoding = request.content_encoding === null ? {} : { 'content-encoding': request.content_encoding };
  return {
    what: request.file,
    path: request.path,
    headers: { 'content-type': request.content_type, ...encoding },
    body: readCaptureBody(request),
  };
}

/** Log records stay together: their order in a request is the order of what they say. */
function splitRequests(requests: readonly CaptureRequest[]): CapturePost[] {
  const singles = requests.filter(({ signal }) => signal === 'traces').flatMap(splitSpans);
  const parents = new Map(singles.map(({ span }) => [span.spanId, span.parentSpanId ?? '']));
  const depthOf = (spanId: string): number => {
    const parent = parents.get(spanId);
    return parent === undefined || parent === '' ? 0 : 1 + depthOf(parent);
  };
  return [
    ...singles.toSorted((a, b) => depthOf(b.span.spanId) - depthOf(a.span.spanId)).map(({ post }) => post),
    ...requests.filter(({ signal }) => signal !== 'traces').map(postOf),
  ];
}

function splitSpans(request: CaptureRequest): { span: WireSpan; post: CapturePost }[] {
  const isJson = request.content_type.includes('json');
  const { contentType, encode } = encodings[isJson ? 'json' : 'protobuf'];
  return decodeTraces(request, isJson).resourceSpans.flatMap(({ scopeSpans, ...resource }) =>
    scopeSpans.flatMap(({ spans, ...scope }) =>
      spans.map((span) => ({
        span,
        post: {
          what: `${request.file}, span ${span.spanId}`,
          path: request.path,
          headers: { 'content-type': contentType },
          body: encode({ resourceSpans: [{ ...resource, scopeSpans: [{ ...scope, spans: [span] }] }] }),
        },
      })),
    ),
  );
}

/** In the JSON form of OTLP, of either encoding. */
function decodeTraces(request: CaptureRequest, isJson: boolean): WireTraces {
  const sent = readCaptureBody(request);
  const body = request.content_encoding === 'gzip' ? gunzipSync(sent) : sent;
  return (isJson ? JSON.parse(body.toString()) : bytesToText(decodeMessage('TracesData', body))) as WireTraces;
}

const idNames = new Set(['traceId', 'spanId', 'parentSpanId']);

function bytesToText(value: unknown, name = ''): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString(idNames.has(name) ? 'hex' : 'base64');
  if (Array.isArray(value)) return value.map((entry) => bytesToText(entry));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, bytesToText(entry, key)]));
}
