import { formatUsd, parseUsd } from '../../run/money.ts';

/** Stores count in whole nano-dollars: as 64-bit integers, which end at 9.2 billion dollars. */
const picoPerNano = 1_000n;
const largestUsd = 1_000_000_000n;
const nanoPerUsd = 1_000_000_000n;

/** Of what is or may be spent: rounded up, so that it is never too little. */
export function nanoUp(usd: string): bigint {
  return checkSize((readUsd(usd) + picoPerNano - 1n) / picoPerNano, usd);
}

/** Of a limit: rounded down. */
export function nanoDown(usd: string): bigint {
  return checkSize(readUsd(usd) / picoPerNano, usd);
}

/** Of a sum of the ledger: corrections may bring it below zero for a while, which gives no more to spend. */
export function nanoOfSum(usd: string): bigint {
  const pico = parseUsd(usd);
  return pico <= 0n ? 0n : nanoUp(usd);
}

/** `nanos` as a store tells them. */
export function usdOf(nanos: string | number): string {
  return formatUsd(BigInt(nanos) * picoPerNano);
}

function readUsd(usd: string): bigint {
  const pico = parseUsd(usd);
  if (pico < 0n) throw new Error(`${usd} is below zero: an amount of a budget is not`);
  return pico;
}

function checkSize(nano: bigint, usd: string): bigint {
  if (nano > largestUsd * nanoPerUsd) throw new Error(`${usd} is more than ${largestUsd} US dollars`);
  return nano;
}
