import { randomBytes } from 'node:crypto';
import type { Hono } from 'hono';
import { createIntake } from '../../../collector/receive/intake.ts';
import { MappedBatch } from '../../../collector/receive/mapped-batch.ts';
import { createReceiver } from '../../../collector/receive/receiver.ts';
import { Batcher, type BatchLimits } from '../../../collector/write/batcher.ts';
import { connect } from '../../../collector/write/clickhouse.ts';
import { KnownMessages } from '../../../collector/write/known-messages.ts';
import { connectDatabase, keepForeverDays, newProjectId, type TestDatabase } from '../../support/database.ts';
import {
  attributesOf,
  encodings,
  type EncodingName,
  type WireLogs,
  type WireSpan,
  type WireTraces,
} from '../../support/otlp-encode.ts';

/** The collector in this process, on a real database, and what it stored in a project of its own. */
export interface LiveCollector {
  app: Hono;
  projectId: string;
  post(request: WireTraces | WireLogs, options?: { encoding?: EncodingName; projectId?: string }): Promise<Response>;
  /** Rows of a query with `{project:String}` bound. */
  rows<Row = Record<string, unknown>>(query: string): Promise<Row[]>;
  close(): Promise<void>;
}

export function startLiveCollector(
  database: TestDatabase,
  options: { limits?: Partial<BatchLimits>; projectId?: string; nowMs?: () => number } = {},
): LiveCollector {
  const inserter = connect(database);
  const known = new KnownMessages();
  const nowMs = options.nowMs ?? (() => Date.now());
  const batcher = new Batcher({
    inserter,
    newContent: () => new MappedBatch({ known, retentionDays: keepForeverDays, nowMs }),
    limits: options.limits,
  });
  const reader = connectDatabase(database);
  const ownProject = options.projectId ?? newProjectId();
  const app = createReceiver({
    intake: createIntake({ submit: (body, bytes) => batcher.submit(body, bytes) }),
    isReady: () => inserter.ping(),
    onError: (error) => {
      throw error;
    },
  });
  return {
    app,
    projectId: ownProject,
    post: async (request, { encoding = 'json', projectId = ownProject } = {}) => {
      const signal = 'resourceSpans' in request ? 'traces' : 'logs';
      const { contentType, encode } = encodings[encoding];
      return app.request(`/v1/${signal}`, {
        method: 'POST',
        headers: { host: 'localhost', 'content-type': contentType, 'x-sightglass-project': projectId },
        body: new Uint8Array(encode(request)),
      });
    },
    rows: async <Row>(query: string) => {
      const reply = await reader.query({ query, query_params: { project: ownProject }, format: 'JSONEachRow' });
      return reply.json<Row>();
    },
    close: async () => {
      await batcher.drain();
      await Promise.all([inserter.close(), reader.close()]);
    },
  };
}

/** A span with ids of its own that began a moment ago. */
export function newSpan(attributes: Record<string, unknown> = {}, fields: Partial<WireSpan> = {}): WireSpan {
  const start = BigInt(Date.now()) * 1_000_000n;
  return {
    traceId: randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    name: 'span',
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + 1_000_000n),
    attributes: attributesOf(attributes),
    ...fields,
  };
}

/** A model call that was given these texts, in turn the user's and the assistant's. */
export function chatAttributes(texts: readonly string[], more: Record<string, unknown> = {}): Record<string, unknown> {
  const messages = texts.map((content, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    parts: [{ type: 'text', content }],
  }));
  return { 'gen_ai.operation.name': 'chat', 'gen_ai.input.messages': JSON.stringify(messages), ...more };
}
