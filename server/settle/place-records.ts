import type { Db } from '../queries/db.ts';
import { type ChangedTrace, placeKey, readPlaces } from '../queries/settlement-changes.ts';
import type { SettlementWriter } from '../queries/settlement-writer.ts';
import { placeSlackMs } from './locate.ts';

/**
 * Notes where log records lie whose spans have not come yet: there is nothing to settle, and when the verified cursor has
 * passed them, only a place leads back to them.
 */
export async function placeRecords(
  { db, writer }: { db: Db; writer: Pick<SettlementWriter, 'writePlaces'> },
  changed: readonly ChangedTrace[],
): Promise<void> {
  const alone = changed.filter(({ spanCount }) => spanCount === 0);
  if (alone.length === 0) return;
  const places = await readPlaces(db, [...new Set(alone.map(({ traceId }) => traceId))]);
  const unplaced = alone.filter((trace) => {
    const place = places.get(placeKey(trace));
    return place === undefined || place.firstMs > trace.firstMs || place.lastMs + placeSlackMs < trace.lastMs;
  });
  await writer.writePlaces(
    unplaced.map(({ projectId, traceId, firstMs, lastMs }) => ({
      trace_id: Buffer.from(traceId, 'hex'),
      project_id: projectId,
      first_ingested_at: BigInt(firstMs),
      last_ingested_at: BigInt(lastMs),
      ...{ days: [], sessions: [] },
    })),
  );
}
