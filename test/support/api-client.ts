import { z } from 'zod';
import { costsReply, type CostGroupName, type CostsReply } from '../../server/contract/costs.ts';
import { sessionListReply, sessionReply, type SessionSummary, type Turn } from '../../server/contract/sessions.ts';
import { spanListReply, spanReply, type SpanDetail, type SpanSkeleton } from '../../server/contract/spans.ts';
import { traceListReply, traceReply, type TraceSummary } from '../../server/contract/traces.ts';

/** Reads one project through the HTTP API, as a page would, and checks every reply against the contract. */
export interface ApiClient {
  listTraces(): Promise<TraceSummary[]>;
  getTrace(traceId: string): Promise<{ trace: TraceSummary; spans: SpanSkeleton[] }>;
  getSpan(traceId: string, spanId: string): Promise<SpanDetail>;
  listSpans(): Promise<SpanSkeleton[]>;
  getCosts(groupBy: CostGroupName): Promise<CostsReply>;
  listSessions(): Promise<SessionSummary[]>;
  listTurns(sessionId: string): Promise<Turn[]>;
}

/** Small on purpose: whoever reads a list through this client also tests its cursors. */
const pageSize = 3;

/** `from` and `to` are RFC 3339, as in the API. */
export function createApiClient(options: { api: string; project: string; from: string; to: string }): ApiClient {
  const base = `${options.api.replace(/\/$/, '')}/api`;
  const project = `project=${encodeURIComponent(options.project)}`;
  const range = `${project}&from=${options.from}&to=${options.to}`;
  const window = `${range}&limit=${pageSize}`;
  return {
    listTraces: async () =>
      (await readPages(`${base}/traces?${window}`, traceListReply)).flatMap((page) => page.traces),
    getTrace: async (traceId) => {
      const pages = await readPages(`${base}/traces/${traceId}?${project}`, traceReply);
      const [first] = pages;
      if (first === undefined) throw new Error(`no page of trace ${traceId}`);
      return { trace: first.trace, spans: pages.flatMap((page) => page.spans) };
    },
    getSpan: async (traceId, spanId) =>
      (await read(`${base}/traces/${traceId}/spans/${spanId}?${project}`, spanReply)).span,
    listSpans: async () => (await readPages(`${base}/spans?${window}`, spanListReply)).flatMap((page) => page.spans),
    getCosts: (groupBy) => read(`${base}/costs?${range}&groupBy=${encodeURIComponent(groupBy)}`, costsReply),
    listSessions: async () =>
      (await readPages(`${base}/sessions?${window}`, sessionListReply)).flatMap((page) => page.sessions),
    listTurns: async (sessionId) => {
      const url = `${base}/sessions/${encodeURIComponent(sessionId)}?${project}&limit=${pageSize}`;
      return (await readPages(url, sessionReply)).flatMap((page) => page.turns);
    },
  };
}

async function readPages<T extends { nextCursor: string | null }>(url: string, schema: z.ZodType<T>): Promise<T[]> {
  const pages: T[] = [];
  let cursor: string | null = null;
  do {
    const page: T = await read(cursor === null ? url : `${url}&cursor=${encodeURIComponent(cursor)}`, schema);
    pages.push(page);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return pages;
}

async function read<T>(url: string, schema: z.ZodType<T>): Promise<T> {
  const reply = await fetch(url);
  const path = url.slice(url.indexOf('/api'));
  if (!reply.ok) {
    throw new Error(`GET ${path}: HTTP ${reply.status} ${(await reply.text()).slice(0, 200)}`);
  }
  const parsed = schema.safeParse(await reply.json());
  if (!parsed.success) throw new Error(`GET ${path}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
