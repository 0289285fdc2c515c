import { type Capture, readCaptureBody } from './captures.ts';
import { type WireSpan, attributesOf, encodeJson, tracesOf } from './otlp-encode.ts';

/** Sends the requests of a capture as its SDK did; throws unless every one is accepted. */
export async function postCapture(otlp: string, { requests }: Capture): Promise<void> {
  for (const request of requests) {
    await post(otlp + request.path, readCaptureBody(request), {
      'content-type': request.content_type,
      ...(request.content_encoding !== null && { 'content-encoding': request.content_encoding }),
    });
  }
}

/** Sends spans of one service in batches as OTLP/JSON; throws unless every batch is accepted. */
export async function postSpans(otlp: string, spans: readonly WireSpan[]): Promise<void> {
  const batchSpans = 1_000;
  const resource = attributesOf({ 'service.name': 'shop' });
  for (let from = 0; from < spans.length; from += batchSpans) {
    const body = encodeJson(tracesOf(spans.slice(from, from + batchSpans), { resource }));
    await post(`${otlp}/v1/traces`, body, { 'content-type': 'application/json' });
  }
}

async function post(url: string, body: Buffer, headers: Record<string, string>): Promise<void> {
  const reply = await fetch(url, { method: 'POST', body: new Uint8Array(body), headers });
  if (reply.status !== 200) throw new Error(`POST ${url}: HTTP ${reply.status} ${await reply.text()}`);
}
