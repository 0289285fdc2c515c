import type { CacheSavingsReply, ForecastReply } from '../../api/types.ts';
import { countOf, exactTokens, exactUsd, formatTokens, formatUsd, unknown } from '../../components/format.ts';

interface Words {
  text: string;
  /** For the title. */
  exact: string;
  words: string;
}

/** A forecast with its range, or why there is none. */
export function describeForecast(reply: ForecastReply): Words & { title: string; range: string } {
  const { forecast, spent, missing } = reply;
  const name = new Intl.DateTimeFormat('en-GB', { month: 'long', timeZone: 'UTC' }).format(
    Date.parse(`${reply.month}-01T00:00:00Z`),
  );
  const title = `Forecast to the end of ${name}`;
  const sofar = spent.usd === null ? 'nothing known spent so far' : `${formatUsd(spent.usd)} spent so far`;
  if (forecast === null) {
    const why =
      missing === 'prices'
        ? 'no call of the last weeks has a price'
        : 'it needs seven whole days with what came before';
    return { title, text: unknown, exact: `No forecast: ${why}.`, range: '', words: `${sofar}; no forecast: ${why}` };
  }
  const method = forecast.isWeekdayAware ? 'weekdays apart' : 'too few days to tell weekdays apart';
  return {
    title,
    text: formatUsd(roundEstimate(forecast.usd)),
    exact:
      `An estimate from ${countOf(forecast.historyDays, 'whole day')}, ${method}. ` +
      `${Math.round(forecast.confidence * 100)} of 100 such months end within the range.`,
    range: `${formatUsd(roundEstimate(forecast.lowUsd))} – ${formatUsd(roundEstimate(forecast.highUsd))}`,
    words: `${sofar}, ${formatUsd(roundEstimate(forecast.dailyUsd))} a day lately`,
  };
}

/** What caching saved, and what is not in that figure. */
export function describeSavings(reply: CacheSavingsReply): Words & { gap: string | null; gapTitle: string } {
  const { savedUsd, cachedUsd, uncachedUsd, tokens } = reply;
  const nothing = tokens.read + tokens.written === 0;
  const gaps = [
    ...(tokens.unknown > 0 ? [`${formatTokens(tokens.unknown)} without a price are not in it`] : []),
    ...(tokens.inferred > 0 ? [`${formatTokens(tokens.inferred)} at the plain price of like calls`] : []),
  ];
  const gapTitle =
    `${exactTokens(tokens.unknown)} have no price or no plain price to compare with. ${exactTokens(tokens.inferred)} are of ` +
    'calls without any uncached input: they are compared with the plain price of calls of the same model and price version.';
  const gap = gaps.length === 0 ? null : gaps.join(', ');
  if (nothing) return { text: '$0', exact: 'No cached tokens', words: 'no token came from a cache', gap, gapTitle };
  if (savedUsd === null || cachedUsd === null || uncachedUsd === null) {
    return { text: unknown, exact: 'Not known: no cached token has a price.', words: '', gap, gapTitle };
  }
  return {
    text: formatUsd(savedUsd),
    exact: `${exactUsd(uncachedUsd)} as plain input, less the ${exactUsd(cachedUsd)} that it cost`,
    words: `${formatUsd(cachedUsd)} instead of ${formatUsd(uncachedUsd)}`,
    ...{ gap, gapTitle },
  };
}

/** Three digits of what is only estimated. */
function roundEstimate(usd: string): string {
  const value = Number(usd);
  return Math.abs(value) >= 1_000 ? String(Math.round(value)) : usd;
}
