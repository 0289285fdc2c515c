import type { IngestCollector, IngestReply } from '../../api/ingest.ts';
import { countOf, formatBytes } from '../../components/format.ts';
import { formatRelative } from '../../components/time.ts';
import type { Fate } from './chart-bars.ts';

export const fateWords: Readonly<Record<Fate, { label: string; title: string }>> = {
  stored: { label: 'stored', title: 'In ClickHouse, synced to disk, before the sender was told so' },
  spooled: {
    label: 'stored by way of the disk',
    title:
      'Synced to the collector’s disk before the sender was told so, because ClickHouse was away; stored when it was back',
  },
  rejected: { label: 'rejected', title: 'Not taken, for good: the sender was told why' },
};

const signalWords: Readonly<Record<string, string>> = { traces: 'span', logs: 'log record', metrics: 'data point' };
const protocolWords: Readonly<Record<string, string>> = {
  'http-protobuf': 'HTTP, protobuf',
  'http-json': 'HTTP, JSON',
  http: 'HTTP',
  grpc: 'gRPC',
};

/** `1,204 spans, 3 log records`. */
export function nameItems(signals: IngestReply['signals']): string {
  return signals.map(({ signal, received }) => countOf(received, signalWords[signal] ?? 'item')).join(', ');
}

export function nameProtocol(protocol: string): string {
  return protocolWords[protocol] ?? protocol;
}

/** A share as `0 %`, `< 0.1 %`, `2.3 %`, `100 %`. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0 %';
  const percent = (part / whole) * 100;
  if (percent < 0.1) return '< 0.1 %';
  if (percent > 99.9 && part < whole) return '> 99.9 %';
  return `${percent >= 10 ? String(Math.round(percent)) : String(Math.round(percent * 10) / 10)} %`;
}

/** What the disk of a collector holds; null while it holds nothing. */
export function describeSpool(collector: IngestCollector, nowMs: number): string | null {
  const { spoolRequests, spoolBytes, spoolOldestUnixNano, circuit } = collector;
  if (spoolRequests === 0) return null;
  const oldest =
    spoolOldestUnixNano === null ? '' : `, the oldest received ${formatRelative(spoolOldestUnixNano, nowMs)}`;
  const held = `${countOf(spoolRequests, 'request')} (${formatBytes(spoolBytes)}) ${spoolRequests === 1 ? 'is' : 'are'} safe on disk${oldest}`;
  return circuit === 'closed' ? `${held}; being moved into ClickHouse.` : `ClickHouse is away: ${held}.`;
}

/** How a collector is, in a word, and how it is to look. */
export function describeState(collector: IngestCollector): { word: string; tone: 'ok' | 'warning' | 'muted' } {
  if (collector.hasEnded) return { word: 'ended', tone: 'muted' };
  if (collector.circuit === 'open') return { word: 'ClickHouse is away', tone: 'warning' };
  if (collector.circuit === 'probing') return { word: 'trying ClickHouse again', tone: 'warning' };
  return { word: 'stores at once', tone: 'ok' };
}
