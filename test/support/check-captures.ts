import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { CostGroupName } from '../../server/contract/costs.ts';
import { createApiClient, type ApiClient } from './api-client.ts';
import { compareContent } from './capture-content.ts';
import { type CapturePost, planPosts, type SendingWay } from './capture-posts.ts';
import { compareSessions } from './capture-sessions.ts';
import { compareSpans } from './capture-spans.ts';
import { compareSums } from './capture-sums.ts';
import { decodeCapture, loadCaptures, type Capture } from './captures.ts';
import type { SentLog, SentSpan } from './otlp-decode.ts';

type Compare = (capture: Capture, sent: { spans: SentSpan[]; logs: SentLog[] }, api: ApiClient) => Promise<string[]>;

/** What can be checked, each apart from the others. */
const comparisons = {
  spans: (_capture, sent, api) => compareSpans(sent.spans, api),
  content: compareContent,
  sums: (capture, _sent, api) => compareSums(capture, api),
  sessions: (capture, _sent, api) => compareSessions(capture, api),
} satisfies Record<string, Compare>;
export type CapturePart = keyof typeof comparisons;
const allParts: CapturePart[] = ['spans', 'content', 'sums', 'sessions'];

export interface CaptureCheck extends SendingWay {
  otlp: string;
  api: string;
  /** Prefixes of capture ids; all captures without one. */
  only?: string[];
  parts?: CapturePart[];
  /** Between two requests of a capture: long enough, and what came so far is settled when the next one comes. */
  spreadMs?: number;
  /** How long a capture may take to come out right after the last post. */
  patienceMs?: number;
}

/** When the captures were made, and some days around it. */
const from = '2026-11-01T00:00:00Z';
const to = '2027-12-01T00:00:00Z';
const defaultPatienceMs = 60_000;
const pauseMs = 500;

/**
 * Posts real SDK bodies, each capture into a project of its own and all captures at once, and compares what the API answers
 * with what the bodies say. Needs a system in local mode whose retention keeps the captures' dates. Answers the failures by
 * capture id; an empty list means that all is there, once.
 */
export async function checkCaptures(check: CaptureCheck): Promise<Map<string, string[]>> {
  const { parts = allParts, patienceMs = defaultPatienceMs, spreadMs = 0 } = check;
  const captures = loadCaptures(...(check.only ?? []));
  const run = randomUUID().slice(0, 8);
  const projectOf = (capture: Capture) => `check-${run}-${capture.id}`;
  const refused = await Promise.all(
    captures.map((capture) =>
      sendAll(planPosts(capture, check), { otlp: check.otlp, project: projectOf(capture), spreadMs }),
    ),
  );
  const results = new Map(captures.map(({ id }, at) => [id, refused[at] ?? []]));
  const deadline = Date.now() + patienceMs;
  for (const capture of captures) {
    if (results.get(capture.id)?.length !== 0) continue; // refused, so there is nothing to compare
    const api = createApiClient({ api: check.api, project: projectOf(capture), from, to });
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

async function sendAll(
  posts: readonly CapturePost[],
  { otlp, project, spreadMs }: { otlp: string; project: string; spreadMs: number },
): Promise<string[]> {
  const failures: string[] = [];
  for (const [at, { what, path, headers, body }] of posts.entries()) {
    if (at > 0) await sleep(spreadMs);
    const reply = await fetch(otlp.replace(/\/$/, '') + path, {
      method: 'POST',
      headers: { ...headers, 'x-sightglass-project': project },
      body: new Uint8Array(body),
    });
    const text = await reply.text();
    if (!reply.ok) failures.push(`${what}: HTTP ${reply.status} ${text.slice(0, 120)}`);
  }
  return failures;
}

async function compare(options: {
  capture: Capture;
  sent: { spans: SentSpan[]; logs: SentLog[] };
  api: ApiClient;
  parts: CapturePart[];
}): Promise<string[]> {
  const { capture, sent, parts } = options;
  const api = rememberReplies(options.api);
  try {
    const found = await Promise.all(parts.map((part) => comparisons[part](capture, sent, api)));
    return found.flat();
  } catch (error) {
    return [`check stopped: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** What several parts look at is asked for once. */
function rememberReplies(api: ApiClient): ApiClient {
  return {
    listTraces: remember(() => api.listTraces()),
    getTrace: remember((traceId: string) => api.getTrace(traceId)),
    getSpan: remember((traceId: string, spanId: string) => api.getSpan(traceId, spanId)),
    listSpans: remember(() => api.listSpans()),
    getCosts: remember((groupBy: CostGroupName) => api.getCosts(groupBy)),
    listSessions: remember(() => api.listSessions()),
    listTurns: remember((sessionId: string) => api.listTurns(sessionId)),
  };
}

function remember<Args extends string[], Reply>(
  ask: (...args: Args) => Promise<Reply>,
): (...args: Args) => Promise<Reply> {
  const replies = new Map<string, Promise<Reply>>();
  return (...args) => {
    const question = JSON.stringify(args);
    const reply = replies.get(question) ?? ask(...args);
    replies.set(question, reply);
    return reply;
  };
}

/**
 * By hand: `check-captures.ts [--otlp URL] [--api URL] [--only PREFIX]… [--part NAME]… [--reversed] [--times 2] [--split]
 * [--spread SECONDS]`. Ends with 1 if any capture fails.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      otlp: { type: 'string', default: 'http://127.0.0.1:4318' },
      api: { type: 'string', default: 'http://127.0.0.1:4000' },
      only: { type: 'string', multiple: true, default: [] },
      part: { type: 'string', multiple: true, default: allParts },
      reversed: { type: 'boolean', default: false },
      times: { type: 'string', default: '1' },
      split: { type: 'boolean', default: false },
      spread: { type: 'string', default: '0' },
    },
  });
  const results = await checkCaptures({
    ...values,
    parts: allParts.filter((part) => values.part.includes(part)),
    times: Number(values.times),
    spreadMs: Number(values.spread) * 1000,
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
