import { randomBytes } from 'node:crypto';
import type { Hono } from 'hono';
import { createIntake } from '../../../collector/receive/intake.ts';
import { MappedBatch, type TakenBody } from '../../../collector/receive/mapped-batch.ts';
import { createReceiver } from '../../../collector/receive/receiver.ts';
import { bodyCodec } from '../../../collector/receive/spooled-body.ts';
import type { BatchLimits } from '../../../collector/write/batcher.ts';
import { connect } from '../../../collector/write/clickhouse.ts';
import { KnownMessages } from '../../../collector/write/known-messages.ts';
import type { FolderLimits } from '../../../collector/write/segment-folder.ts';
import type { OnWriteEvent, WriteStatus } from '../../../collector/write/write-stats.ts';
import { openWriter, type WriterOptions } from '../../../collector/write/writer.ts';
import { connectDatabase, keepForeverDays, newProjectId, type TestDatabase } from '../../support/database.ts';
import {
  attributesOf,
  encodings,
  type EncodingName,
  type WireLogs,
  type WireSpan,
  type WireTraces,
} from '../../support/otlp-encode.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

/** The collector in this process, on a real database, and what it stored in a project of its own. */
export interface LiveCollector {
  app: Hono;
  projectId: string;
  post(request: WireTraces | WireLogs, options?: { encoding?: EncodingName; projectId?: string }): Promise<Response>;
  /** Rows of a query with `{project:String}` bound. */
  rows<Row = Record<string, unknown>>(query: string): Promise<Row[]>;
  /** What the writing half holds. */
  status(): Promise<WriteStatus>;
  /** Stores what it has taken, in ClickHouse or in the spool. */
  close(): Promise<void>;
}

export interface LiveOptions {
  limits?: Partial<BatchLimits>;
  spoolLimits?: Partial<FolderLimits>;
  replayLimits?: WriterOptions<TakenBody, unknown>['replayLimits'];
  projectId?: string;
  nowMs?: () => number;
  /** By default a folder of its own, which is removed when it is closed. */
  dataDir?: string;
  onEvent?: OnWriteEvent;
}

export function startLiveCollector(database: TestDatabase, options: LiveOptions = {}): LiveCollector {
  const inserter = connect(database);
  const known = new KnownMessages();
  const ownDir = options.dataDir === undefined ? makeTempDir('collector') : undefined;
  const writer = openWriter({
    inserter,
    newContent: (nowMs) => new MappedBatch({ known, retentionDays: keepForeverDays, nowMs }),
    codec: bodyCodec,
    dataDir: options.dataDir ?? ownDir?.path ?? '',
    ...options,
  });
  const reader = connectDatabase(database);
  const ownProject = options.projectId ?? newProjectId();
  const app = createReceiver({
    intake: createIntake({ submit: async (body, bytes) => (await writer).submit(body, bytes) }),
    isReady: async () => (await writer).isReady(),
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
    status: async () => (await writer).status(),
    close: async () => {
      await (await writer).drain();
      await (await writer).close();
      await Promise.all([inserter.close(), reader.close()]);
      ownDir?.remove();
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
