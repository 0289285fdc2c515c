import type { IngestReply } from '../../server/contract/ingest.ts';
import { getJson, type Params } from './client.ts';

export type {
  IngestCollector,
  IngestReason,
  IngestReject,
  IngestReply,
  IngestSender,
} from '../../server/contract/ingest.ts';

/** What the collectors received in a time window, and what became of it. */
export function getIngest(params: Params, signal?: AbortSignal): Promise<IngestReply> {
  return getJson<IngestReply>('/ingest', params, signal);
}
