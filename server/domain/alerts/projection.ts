import { formatAmount, parseAmount } from '../prices/amount.ts';
import type { MsWindow } from './alert-window.ts';

export interface Projection {
  exhaustedAtMs: number | null;
  usdAtEnd: string | null;
}

/** Before so much of a window has passed its speed says nothing. */
const elapsedMinShare = 0.02;

/**
 * Where spending leads that goes on as in the window so far: when it reaches the amount, and what it is at the end. null: too
 * early to tell. Nothing is exhausted before a window ends that would not be.
 */
export function projectSpend(request: {
  spentUsd: string;
  /** null: there is none to exhaust. */
  amountUsd: string | null;
  window: MsWindow;
  atMs: number;
}): Projection | null {
  const { spentUsd, amountUsd, window, atMs } = request;
  const elapsedMs = atMs - window.fromMs;
  const lengthMs = window.toMs - window.fromMs;
  if (elapsedMs <= 0 || elapsedMs < lengthMs * elapsedMinShare) return null;
  const spent = parseAmount(spentUsd);
  const atEnd = (spent * BigInt(Math.trunc(lengthMs))) / BigInt(Math.trunc(elapsedMs));
  return { usdAtEnd: formatAmount(atEnd), exhaustedAtMs: exhaustedAt() };

  function exhaustedAt(): number | null {
    if (amountUsd === null) return null;
    const amount = parseAmount(amountUsd);
    if (spent >= amount || spent <= 0n) return null;
    const restMs = Number(((amount - spent) * BigInt(Math.trunc(elapsedMs))) / spent);
    return atMs + restMs <= window.toMs ? atMs + restMs : null;
  }
}
