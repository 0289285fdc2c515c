import { z } from 'zod';
import { closestName } from './closest-name.ts';
import { looksLikeSecret } from './secrets.ts';

/** A wrong value is repeated in its fault up to this length. */
const shownValueLength = 40;

/** An object without unknown keys. The message of an unknown key is the list of the known ones: `faults.ts` makes a line of it. */
export function strict<Shape extends z.core.$ZodShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? known : `must be an object${got(issue.input)}, allowed: ${known}`,
  });
}

/** Text that is not blank. */
export function text(max: number) {
  return bounded(`must be text of 1 to ${max.toLocaleString('en-US')} characters`, (error) =>
    z.string({ error }).trim().min(1, { error }).max(max, { error }),
  );
}

export function pattern(expression: RegExp, allowed: string) {
  return bounded(`is wrong`, (error) => z.string({ error }).regex(expression, { error }), allowed);
}

export function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, { error: (issue) => describeChoice(issue.input, values) });
}

/** `… is wrong (got "ful"), allowed: none, redacted, full, did you mean full?` */
export function describeChoice(input: unknown, values: readonly string[]): string {
  const meant = typeof input === 'string' ? suggest(input, values) : '';
  return `${input === undefined ? 'is missing' : `is wrong${got(input)}`}, allowed: ${values.join(', ')}${meant}`;
}

/** `, did you mean NAME?` where a known name is near. */
export function suggest(mistyped: string, known: readonly string[]): string {
  const meant = mistyped.length > shownValueLength ? undefined : closestName(mistyped, known);
  return meant === undefined ? '' : `, did you mean ${meant}?`;
}

export function whole(min: number, max: number) {
  return bounded(
    'is wrong',
    (error) => z.int({ error }).min(min, { error }).max(max, { error }),
    `a whole number from ${min.toLocaleString('en-US')} to ${max.toLocaleString('en-US')}`,
  );
}

export function number(min: number, max: number) {
  return bounded(
    'is wrong',
    (error) => z.number({ error }).min(min, { error }).max(max, { error }),
    `a number from ${min} to ${max}`,
  );
}

/** US dollars per million tokens, exact: as `dollars`, and 0. */
export function rate() {
  const expression = /^\d{1,6}(\.\d{1,6})?$/;
  return bounded(
    'is wrong',
    (error) =>
      z
        .union([z.string({ error }), z.number({ error })], { error })
        .refine((value) => expression.test(String(value)), { error })
        .transform(String),
    'US dollars from 0 with at most six digits after the point, such as 0.25',
  );
}

/** US dollars, exact: text or a number with at most six digits after the point; read as text. */
export function dollars() {
  const expression = /^\d{1,9}(\.\d{1,6})?$/;
  return bounded(
    'is wrong',
    (error) =>
      z
        .union([z.string({ error }), z.number({ error })], { error })
        .refine((value) => expression.test(String(value)) && Number(value) > 0, { error })
        .transform(String),
    'US dollars above 0 with at most six digits after the point, such as 0.25',
  );
}

const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const durationPattern = /^(\d{1,6})(ms|s|m|h|d)$/;

/** `500ms`, `30s`, `5m`, `24h`, `30d`; read as milliseconds. */
export function duration(range: { min: string; max: string }) {
  const [minMs, maxMs] = [readMs(range.min), readMs(range.max)];
  return bounded(
    'is wrong',
    (error) =>
      z
        .string({ error })
        .regex(durationPattern, { error })
        .refine((value) => readMs(value) >= minMs && readMs(value) <= maxMs, { error })
        .transform(readMs)
        .brand<'Milliseconds'>(),
    `a duration from ${range.min} to ${range.max}, such as 500ms, 30s, 5m, 24h`,
  );
}

function readMs(value: string): number {
  const [, amount = '', unit = ''] = durationPattern.exec(value) ?? [];
  return Number(amount) * ((unitsMs[unit as keyof typeof unitsMs] as number | undefined) ?? Number.NaN);
}

export function list<Item extends z.ZodType>(item: Item, max: number, noun: string) {
  const error = ({ input }: { input?: unknown }) =>
    `must be a list of at most ${max} ${noun}${Array.isArray(input) ? ` (got ${input.length})` : got(input)}`;
  return z.array(item, { error }).max(max, { error });
}

/** Names of one's own choice and their values. */
export function named<Value extends z.ZodType>(name: z.ZodString, value: Value, limit: { max: number; noun: string }) {
  const error = `must be an object of at most ${limit.max} ${limit.noun}`;
  return z
    .record(name, value, {
      error: (issue) => {
        if (issue.code !== 'invalid_key') return error;
        return issue.issues[0]?.message ?? error;
      },
    })
    .refine((entries) => Object.keys(entries).length <= limit.max, { error });
}

export function flag() {
  return z.boolean({ error: ({ input }) => `is wrong${got(input)}, allowed: true, false` });
}

/** The same message for whatever is wrong with a value: missing, of another type, out of its bounds. */
function bounded<Type extends z.ZodType>(
  fault: string,
  make: (error: (issue: { input?: unknown }) => string) => Type,
  allowed?: string,
): Type {
  const ending = allowed === undefined ? '' : `, allowed: ${allowed}`;
  return make(({ input }) =>
    input === undefined
      ? `is missing${allowed === undefined ? `: it ${fault}` : ending}`
      : `${fault}${got(input)}${ending}`,
  );
}

/** ` (got …)`: the value itself only where it is short and no secret. */
export function got(input: unknown): string {
  if (input === undefined) return '';
  if (input === null) return ' (got nothing)';
  if (Array.isArray(input)) return ' (got a list)';
  if (typeof input === 'object') return ' (got an object)';
  if (typeof input === 'string' && input.length > shownValueLength) return ` (got ${input.length} characters)`;
  if (typeof input === 'string' && looksLikeSecret(input)) return ' (got what looks like a key)';
  return ` (got ${JSON.stringify(input)})`;
}
