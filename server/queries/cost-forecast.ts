import { costRowLimits } from '../contract/costs.ts';
import type { ForecastReply } from '../contract/cost-insights.ts';
import { monthOf, windowOfMonth } from '../domain/calendar-month.ts';
import { type DayCost, forecastMonth } from '../domain/cost-forecast.ts';
import type { CostFilters } from '../domain/cost-filters.ts';
import { nsPerMs, type UnixNano, unixNanoOfMs } from '../domain/time.ts';
import { getCosts } from './costs.ts';
import type { Db } from './db.ts';

/** Eight weeks: eight of each weekday; older days say little after two half-lives more. */
const historyDays = 56;
/** Digits of a figure that is an estimate. */
const estimateDigits = 6;

/**
 * The month that now falls into: what is spent so far, and what it will end with. Days are those of the time zone, added up
 * from hours; where a zone is off by half an hour, that much of a day counts to its neighbour in the history.
 */
export async function getForecast(
  db: Db,
  request: { projectId: string; filters: CostFilters; timeZone: string; nowMs: number },
): Promise<ForecastReply> {
  const { projectId, filters, timeZone, nowMs } = request;
  const month = monthOf(nowMs, timeZone);
  const { from, to } = windowOfMonth(month);
  const today = dateOf(nowMs, timeZone);
  const now = unixNanoOfMs(nowMs + 1);
  const since = unixNanoOfMs(startOf(today.subtract({ days: historyDays }), timeZone));
  const asked = { projectId, filters, groupBy: [], limit: costRowLimits.max };
  const [spent, hours] = await Promise.all([
    getCosts(db, { ...asked, window: { from, to: now }, interval: undefined }),
    getCosts(db, { ...asked, window: { from: since, to: now }, interval: 'hour' }),
  ]);
  const { cost } = spent.totals;
  const history = listDays(hours.rows, { today, timeZone });
  const isUnpriced = hours.totals.cost.usd === null && hours.totals.usage.modelCalls > 0;
  const forecast = isUnpriced
    ? undefined
    : forecastMonth({
        spentUsd: Number(cost.usd ?? '0'),
        history,
        remaining: listRemaining({ today, timeZone, nowMs, to }),
      });
  return {
    ...month,
    ...{ from: rfc3339(from), to: rfc3339(to), spent: cost },
    forecast:
      forecast === undefined
        ? null
        : {
            ...forecast,
            usd: estimate(forecast.usd),
            lowUsd: estimate(forecast.lowUsd),
            highUsd: estimate(forecast.highUsd),
            dailyUsd: estimate(forecast.dailyUsd),
          },
    missing: forecast !== undefined ? null : isUnpriced ? 'prices' : 'history',
    booked: spent.booked,
  };
}

/** Whole days from the first one with a call to yesterday; those without any are zero. */
function listDays(
  rows: readonly { time?: string | undefined; cost: { usd: string | null } }[],
  { today, timeZone }: { today: Temporal.PlainDate; timeZone: string },
): DayCost[] {
  const sums = new Map<string, number>();
  for (const { time = '', cost } of rows) {
    const day = dateOf(Date.parse(time), timeZone).toString();
    sums.set(day, (sums.get(day) ?? 0) + Number(cost.usd ?? '0'));
  }
  const [first] = [...sums.keys()].toSorted();
  const days: DayCost[] = [];
  if (first === undefined) return days;
  for (
    let day = Temporal.PlainDate.from(first);
    Temporal.PlainDate.compare(day, today) < 0;
    day = day.add({ days: 1 })
  ) {
    days.push({ weekday: day.dayOfWeek, usd: sums.get(day.toString()) ?? 0 });
  }
  // The first day may have begun in the middle.
  return days.slice(1);
}

function listRemaining(options: {
  today: Temporal.PlainDate;
  timeZone: string;
  nowMs: number;
  to: UnixNano;
}): { weekday: number; share: number }[] {
  const { today, timeZone, nowMs, to } = options;
  const endMs = Number(to / nsPerMs);
  const remaining: { weekday: number; share: number }[] = [];
  for (let day = today; startOf(day, timeZone) < endMs; day = day.add({ days: 1 })) {
    const [startMs, nextMs] = [startOf(day, timeZone), startOf(day.add({ days: 1 }), timeZone)];
    remaining.push({ weekday: day.dayOfWeek, share: (nextMs - Math.max(startMs, nowMs)) / (nextMs - startMs) });
  }
  return remaining;
}

function dateOf(ms: number, timeZone: string): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone).toPlainDate();
}

function startOf(day: Temporal.PlainDate, timeZone: string): number {
  return day.toZonedDateTime(timeZone).epochMilliseconds;
}

function rfc3339(time: UnixNano): string {
  return new Date(Number(time / nsPerMs)).toISOString();
}

function estimate(usd: number): string {
  return usd.toFixed(estimateDigits);
}
