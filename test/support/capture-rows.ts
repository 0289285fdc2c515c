import { gunzipSync } from 'node:zlib';
import { mapLog } from '../../collector/map/log.ts';
import { mapSpan } from '../../collector/map/span.ts';
import * as json from '../../collector/receive/json.ts';
import * as protobuf from '../../collector/receive/protobuf.ts';
import type { MessageRow, SpanEventRow, SpanRow } from '../../migrations/schema.ts';
import { type Capture, readCaptureBody } from './captures.ts';

export interface CaptureRows {
  spans: SpanRow[];
  events: SpanEventRow[];
  messages: MessageRow[];
}

/** The rows that the collector makes of a capture, in the order in which they were sent. */
export function mapCaptureRows({ requests }: Capture, projectId: string): CaptureRows {
  const rows: CaptureRows = { spans: [], events: [], messages: [] };
  for (const request of requests) {
    const sent = readCaptureBody(request);
    const body = request.content_encoding === 'gzip' ? gunzipSync(sent) : sent;
    const decoder = request.content_type.includes('json') ? json : protobuf;
    const seen = new Map<string, number>();
    if (request.signal === 'traces') {
      for (const span of decoder.decodeTraces(body).items) {
        const { row, messages } = mapSpan(span, projectId);
        rows.spans.push(row);
        rows.messages.push(...messages);
      }
    } else {
      for (const [sequence, record] of decoder.decodeLogs(body).items.entries()) {
        const { row, messages } = mapLog(record, projectId, sequence, seen);
        rows.events.push(row);
        rows.messages.push(...messages);
      }
    }
  }
  return rows;
}
