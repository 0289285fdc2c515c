import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createApiClient, type ApiClient } from './api-client.ts';
import { compareContent } from './capture-content.ts';
import { compareSpans } from './capture-spans.ts';
import { decodeCapture, loadCaptures, readCaptureBody, type Capture, type CaptureRequest } from './captures.ts';
import type { SentLog, SentSpan } from './otlp-decode.ts';

type Compare = (capture: Capture, sent: { spans: SentSpan[]; logs: SentLog[] }, api: ApiClient) => Promise<string[]>;

/** What can be checked, each apart from the others. */
const comparisons = {
  spans: (_capture, sent, api) => compareSpans(sent.spans, api),
  content: compareContent,
} satisfies Record<string, Compare>;
export type CapturePart = keyof typeof comparisons;
const allParts: CapturePart[] = ['spans', 'content'];

export interface CaptureCheck {
  otlp: string;
  api: string;
  /** Prefixes of capture ids; all captures without one. */
  only?: string[];
  parts?: CapturePart[];
  /** How often every body is posted: what a client repeats may not show twice. */
  times?: number;
  /** How long a capture may take to come out right after the last post. */
  patienceMs?: number;
}

/** When the captures were made, and some days around it. */
const from = '2026-11-01T00:00:00Z';
const to = '2027-12-01T00:00:00Z';
const defaultPatienceMs = 60_000;
const pauseMs = 500;

/**
 * Posts real SDK bodies, byte for byte, each capture into a project of its own, and compares what
 * the API answers with what the bodies say. Needs a system in local mode whose retention keeps the
 * captures' dates. Answers the failures by capture id; an empty list means that all is there, once.
 */
export async function checkCaptures(check: CaptureCheck): Promise<Map<string, string[]>> {
  const { parts = allParts, times = 1, patienceMs = defaultPatienceMs } = check;
  const captures = loadCaptures(...(check.only ?? []));
  const run = Date.now().toString(36);
  const results = new Map<string, string[]>();
  for (const capture of captures) {
    const project = `check-${run}-${capture.id}`;
    const refused: string[] = [];
    for (let time = 0; time < times; time += 1) {
      refused.push(...(await send(capture, { otlp: check.otlp, project })));
    }
    results.set(capture.id, refused);
  }
  const deadline = Date.now() + patienceMs;
  for (const capture of captures) {
    if (results.get(capture.id)?.length !== 0) continue; // refused, so there is nothing to compare
    const project = `check-${run}-${capture.id}`;
    const api = createApiClient({ api: check.api, project, from, to });
    const sent = decodeCapture(capture);
    let failures = await compare({ capture, sent, api, parts });
    while (failures.length > 0 && Date.now() < deadline) {
      await sleep(pauseMs);
      failures = await compare({ capture, sent, api, parts });
    }
    results.set(capture.id, failures);
  }
  return results;
}

async function send({ requests }: Capture, { otlp, project }: { otlp: string; project: string }): Promise<string[]> {
  const failures: string[] = [];
  for (const request of requests) {
    const reply = await fetch(otlp.replace(/\/$/, '') + request.path, {
      method: 'POST',
      headers: headersOf(request, project),
      body: new Uint8Array(readCaptureBody(request)),
    });
    const text = await reply.text();
    if (!reply.ok) failures.push(`${request.file}: HTTP ${reply.status} ${text.slice(0, 120)}`);
  }
  return failures;
}

function headersOf(request: CaptureRequest, project: string): Record<string, string> {
  const headers = { 'content-type': request.content_type, 'x-sightglass-project': project };
  return request.content_encoding === null ? headers : { ...headers, 'content-encoding': request.content_encoding };
}

async function compare(options: {
  capture: Capture;
  sent: { spans: SentSpan[]; logs: SentLog[] };
  api: ApiClient;
  parts: CapturePart[];
}): Promise<string[]> {
  const { capture, sent, api, parts } = options;
  try {
    const found = await Promise.all(parts.map((part) => comparisons[part](capture, sent, api)));
    return found.flat();
  } catch (error) {
    return [`check stopped: ${error instanceof Error ? error.message : String(error)}`];
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      otlp: { type: 'string', default: 'http://127.0.0.1:4318' },
      api: { type: 'string', default: 'http://127.0.0.1:4000' },
      only: { type: 'string', multiple: true, default: [] },
      part: { type: 'string', multiple: true, default: allParts },
      times: { type: 'string', default: '1' },
    },
  });
  const results = await checkCaptures({
    ...values,
    parts: allParts.filter((part) => values.part.includes(part)),
    times: Number(values.times),
  });
  let failed = 0;
  for (const [id, failures] of results) {
    if (failures.length > 0) failed += 1;
    console.log(`${failures.length === 0 ? 'ok  ' : 'FAIL'} ${id}`);
    for (const failure of failures) console.log(`       ${failure}`);
  }
  console.log(`${results.size - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

if (import.meta.main) await main();
