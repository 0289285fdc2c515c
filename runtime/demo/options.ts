import { parseArgs } from 'node:util';

/** What the demo was asked to do. */
export interface DemoOptions {
  /** Conversations at a time. */
  users: number;
  /** It ends after so many turns, or … */
  turns: number;
  /** … after so long, whichever comes first; 0 is no limit of this kind. */
  minutes: number;
  /** Turns a minute, at most. */
  rate: number;
  seed: number;
  /** Days of the past that get conversations; 0: none. */
  historyDays: number;
}

const numbers = {
  users: { standard: 20, min: 1, max: 500, is: 'conversations at a time' },
  turns: { standard: 200, min: 0, max: 1_000_000, is: 'turns in all' },
  minutes: { standard: 0, min: 0, max: 1_440, is: 'minutes at most, 0 for no limit' },
  rate: { standard: 600, min: 1, max: 60_000, is: 'turns a minute at most' },
  seed: { standard: 1, min: 0, max: 2_147_483_647, is: 'another one, other conversations' },
  'history-days': { standard: 30, min: 0, max: 90, is: 'days of the past that get conversations, 0 for none' },
} as const;

export const demoUsage = Object.entries(numbers)
  .map(([name, { standard, is }]) => `  --${name} N`.padEnd(20) + `${is} (${standard})`)
  .join('\n');

/** Reads the command line; a mistake is one line that says what is allowed. */
export function readOptions(args: readonly string[]): DemoOptions | { fault: string } {
  const names = Object.keys(numbers) as (keyof typeof numbers)[];
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  const allowed = `allowed: ${names.map((name) => `--${name} N`).join(', ')}`;
  let values: Record<string, string | undefined>;
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split(/[.\n]/)[0] ?? '') : String(error);
    return { fault: `${reason}; ${allowed}` };
  }
  const read: Partial<Record<keyof typeof numbers, number>> = {};
  for (const name of names) {
    const { standard, min, max } = numbers[name];
    const given = values[name];
    const value = typeof given === 'string' && /^\d+(\.\d+)?$/.test(given) ? Number(given) : Number.NaN;
    const isFine = value >= min && value <= max && (name === 'minutes' || Number.isInteger(value));
    if (given !== undefined && !isFine) {
      return { fault: `--${name} is wrong (got ${JSON.stringify(given)}), allowed: a number from ${min} to ${max}` };
    }
    read[name] = given === undefined ? standard : value;
  }
  const { users = 0, turns = 0, minutes = 0, rate = 0, seed = 0, 'history-days': historyDays = 0 } = read;
  // A time alone means: as many turns as fit into it.
  const hasOnlyTime = values['turns'] === undefined && minutes > 0;
  return { users, turns: hasOnlyTime ? 0 : turns, minutes, rate, seed, historyDays };
}
