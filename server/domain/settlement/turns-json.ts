import type { TraceTurn } from './turns.ts';

/** The turns of one trace as `session_traces` keeps them: 64-bit integers as digits, the trace's id is the row's own. */
export function encodeTurns(turns: readonly TraceTurn[]): string {
  return JSON.stringify(
    turns.map(({ startNs, endNs, isError, inputMessageCount, userMessageCount, lastUserMessage }) => ({
      startNs: String(startNs),
      endNs: String(endNs),
      isError,
      inputMessageCount,
      userMessageCount,
      lastUserMessage: String(lastUserMessage),
    })),
  );
}

/**
 * The turns of a row that `encodeTurns` wrote, this release's or another's: a field it does not know is left out, one that is
 * missing is zero, and a turn without its times is none.
 */
export function decodeTurns(traceId: string, text: string): TraceTurn[] {
  const turns = parseJson(text);
  return Array.isArray(turns) ? turns.flatMap((turn: unknown) => decodeTurn(traceId, turn)) : [];
}

function decodeTurn(traceId: string, turn: unknown): TraceTurn[] {
  if (typeof turn !== 'object' || turn === null) return [];
  const fields = turn as Readonly<Record<string, unknown>>;
  const [startNs, endNs] = [toBigInt(fields['startNs']), toBigInt(fields['endNs'])];
  if (startNs === undefined || endNs === undefined) return [];
  return [
    {
      traceId,
      startNs,
      endNs,
      isError: fields['isError'] === true,
      inputMessageCount: toCount(fields['inputMessageCount']),
      userMessageCount: toCount(fields['userMessageCount']),
      lastUserMessage: toBigInt(fields['lastUserMessage']) ?? 0n,
    },
  ];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toBigInt(value: unknown): bigint | undefined {
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

function toCount(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
