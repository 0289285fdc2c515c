import { tables } from '../../migrations/schema.ts';
import type { IngestReply } from '../contract/ingest.ts';
import type { TimeWindow } from '../domain/filters.ts';
import type { Db } from './db.ts';

/** A minute has some ten rows a sender; this many buckets and kinds are far more than a window is cut into. */
const bucketRowsMax = 10_000;
const othersMax = 5;

export interface IngestWindow {
  projectId: string;
  /** Also what was refused before its project was known, such as requests without a key. */
  withNameless: boolean;
  window: TimeWindow;
}

/** Minutes, that in which the window begins included. */
const inWindow = `minute >= toStartOfMinute(fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC'))
  AND minute < fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')`;

/** Counts of one project. */
const ofWindow = `project_id = {projectId:String} AND ${inWindow}`;

const fates = `sumIf(count, what = 'received') AS received, sumIf(count, what = 'stored') AS stored,
  sumIf(count, what = 'spooled') AS spooled, sumIf(count, what = 'rejected') AS rejected`;
/** A request that was refused as a whole has a status of HTTP for its answer. */
const refused = `sumIf(count, what = 'requests' AND detail NOT IN ('ok', 'partial'))`;

type Fates = Record<'received' | 'stored' | 'spooled' | 'rejected', string>;

/** Sums over the window and by signal. */
export async function sumIngest(db: Db, request: IngestWindow): Promise<Pick<IngestReply, 'totals' | 'signals'>> {
  interface Row extends Fates {
    signal: string;
    bytes: string;
    requests: string;
    refusedRequests: string;
  }
  const { rows, totals } = await db.rowsWithTotals<Row>(
    `SELECT signal, ${fates}, sumIf(count, what = 'bytes') AS bytes, sumIf(count, what = 'requests') AS requests,
       ${refused} AS refusedRequests
     FROM ${tables.ingestCounts} WHERE ${ofWindow}
     GROUP BY signal WITH TOTALS ORDER BY received DESC, signal LIMIT 10`,
    bind(request),
  );
  const { bytes, requests, refusedRequests } = totals;
  return {
    totals: {
      ...readFates(totals),
      ...{ bytes: Number(bytes), requests: Number(requests), refusedRequests: Number(refusedRequests) },
    },
    signals: rows.filter(({ received }) => received !== '0').map((row) => ({ signal: row.signal, ...readFates(row) })),
  };
}

/** Only buckets in which something came, in order. */
export async function listIngestBuckets(
  db: Db,
  request: IngestWindow & { bucketMs: number },
): Promise<IngestReply['buckets']> {
  const rows = await db.rows<Fates & { startMs: string; refusedRequests: string }>(
    `SELECT intDiv(toUnixTimestamp64Milli(minute), {bucketMs:Int64}) * {bucketMs:Int64} AS startMs, ${fates},
       ${refused} AS refusedRequests
     FROM ${tables.ingestCounts} WHERE ${ofWindow}
     GROUP BY startMs ORDER BY startMs LIMIT {bucketRowsMax:UInt32}`,
    { ...bind(request), bucketMs: request.bucketMs, bucketRowsMax },
  );
  return rows.map((row) => ({
    timeUnixNano: `${row.startMs}000000`,
    ...readFates(row),
    refusedRequests: Number(row.refusedRequests),
  }));
}

/** Who sent the most, first. */
export async function listIngestSenders(
  db: Db,
  request: IngestWindow & { limit: number },
): Promise<Pick<IngestReply, 'senders' | 'senderCount'>> {
  interface Row extends Fates {
    service: string;
    bytes: string;
    clients: string[];
    protocols: string[];
    signals: string[];
    firstMs: string;
    lastMs: string;
  }
  const { rows, rowCount } = await db.rowsWithTotals<Row>(
    `SELECT service, ${fates}, sumIf(count, what = 'bytes') AS bytes,
       arraySort(groupUniqArray(20)(client)) AS clients, arraySort(groupUniqArray(10)(protocol)) AS protocols,
       arraySort(groupUniqArray(10)(signal)) AS signals,
       toUnixTimestamp64Milli(min(first_at)) AS firstMs, toUnixTimestamp64Milli(max(last_at)) AS lastMs
     FROM ${tables.ingestCounts} WHERE ${ofWindow} AND what IN ('received', 'stored', 'spooled', 'rejected', 'bytes')
     GROUP BY service WITH TOTALS HAVING received > 0 ORDER BY received DESC, service LIMIT {limit:UInt32}`,
    { ...bind(request), limit: request.limit },
  );
  return {
    senders: rows.map((row) => ({
      service: row.service,
      ...readFates(row),
      bytes: Number(row.bytes),
      ...{ clients: row.clients.filter((client) => client !== ''), protocols: row.protocols, signals: row.signals },
      ...{ firstSeenUnixNano: `${row.firstMs}000000`, lastSeenUnixNano: `${row.lastMs}000000` },
    })),
    senderCount: rowCount,
  };
}

/** Why things were not taken: `code` of items, the status of requests. */
export interface CountedReason {
  of: 'item' | 'request';
  code: string;
  count: number;
  services: string[];
  clients: string[];
  lastSeenUnixNano: string;
}

/** The most frequent first. */
export async function listIngestReasons(db: Db, request: IngestWindow & { limit: number }): Promise<CountedReason[]> {
  interface Row {
    of: 'item' | 'request';
    code: string;
    sum: string;
    services: string[];
    clients: string[];
    lastMs: string;
  }
  const rows = await db.rows<Row>(
    `SELECT if(what = 'rejected', 'item', 'request') AS of, detail AS code, sum(count) AS sum,
       arraySort(groupUniqArray(${othersMax})(service)) AS services,
       arraySort(groupUniqArray(${othersMax})(client)) AS clients, toUnixTimestamp64Milli(max(last_at)) AS lastMs
     FROM ${tables.ingestCounts}
     WHERE project_id IN {projectIds:Array(String)} AND ${inWindow}
       AND (what = 'rejected' OR (what = 'requests' AND detail NOT IN ('ok', 'partial')))
     GROUP BY of, code ORDER BY of, sum DESC, code LIMIT {limit:UInt32}`,
    { ...bind(request), projectIds: listProjects(request), limit: request.limit },
  );
  return rows.map(({ of, code, sum, services, clients, lastMs }) => ({
    ...{ of, code, count: Number(sum), lastSeenUnixNano: `${lastMs}000000` },
    services: services.filter((service) => service !== ''),
    clients: clients.filter((client) => client !== ''),
  }));
}

/** What was refused before its project was known is counted under none. */
export function listProjects({ projectId, withNameless }: IngestWindow): string[] {
  return withNameless ? [projectId, ''] : [projectId];
}

function bind({ projectId, window }: IngestWindow) {
  return { projectId, fromNs: window.from, toNs: window.to };
}

function readFates({ received, stored, spooled, rejected }: Fates) {
  return {
    ...{ received: Number(received), stored: Number(stored), spooled: Number(spooled), rejected: Number(rejected) },
  };
}
