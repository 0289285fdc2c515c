import { z } from 'zod';
import { duration, flag, got, list, named, number, pattern, strict, text, whole } from './fields.ts';

export const simulateLimits = {
  rules: 200,
  calls: 8,
  answers: 20,
  values: 50,
  patternLength: 500,
  answerLength: 20_000,
};

/** A regular expression, tried without regard to capitals. */
const expression = () => {
  const error = ({ input }: { input?: unknown }) =>
    `is wrong${got(input)}, allowed: a regular expression of ${simulateLimits.patternLength} characters at most`;
  return z
    .string({ error })
    .min(1, { error })
    .max(simulateLimits.patternLength, { error })
    .refine(isExpression, { error });
};

const names = (noun: string) => list(text(120), simulateLimits.calls, noun).min(1, { error: `must name at least one` });
const oneOrMore = <Item extends z.ZodType>(one: Item, many: z.ZodType<z.output<Item>[]>, error: string) =>
  z.union([one, many], { error }).transform((given) => (Array.isArray(given) ? given : [given]) as z.output<Item>[]);

/** Always the same, or log-normal: half of all are below p50, one of a hundred is above p99. */
function spread<Value extends z.ZodType>(value: Value, allowed: string) {
  return z
    .union(
      [
        value,
        strict({ p50: value, p99: value }).refine((one) => (one as Spread).p50 <= (one as Spread).p99, {
          error: 'has a p99 below its p50',
        }),
      ],
      { error: ({ input }) => `is wrong${got(input)}, allowed: ${allowed}, or { p50, p99 } of such` },
    )
    .transform((given): Spread => {
      if (typeof given === 'number') return { p50: given, p99: given };
      return given as Spread;
    });
}

/** In milliseconds where it is of times. */
export interface Spread {
  p50: number;
  p99: number;
}

const time = spread(duration({ min: '0ms', max: '10m' }), 'a duration from 0ms to 10m');
const rate = () => number(0, 1);

const errors = strict({
  rate_limited: z
    .union([rate(), strict({ rate: rate(), retryAfter: duration({ min: '0ms', max: '10m' }).prefault('1s') })], {
      error: ({ input }) => `is wrong${got(input)}, allowed: a number from 0 to 1, or { rate, retryAfter }`,
    })
    .transform((given) => (typeof given === 'number' ? { rate: given, retryAfter: 1_000 } : given))
    .describe('429, with what Retry-After says.')
    .optional(),
  unavailable: rate().describe('503 before the first word.').optional(),
  timeout: rate().describe('No answer at all: the caller has to give up.').optional(),
  error_in_stream: rate().describe('An error after the answer has begun.').optional(),
  cut_stream: rate().describe('The connection ends in the middle of the answer.').optional(),
}).describe('The share of calls that fail, by how.');

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()], {
  error: ({ input }) => `must be text, a number, true, false or nothing${got(input)}`,
});

const when = strict({
  user: expression()
    .describe('What the last message of the user holds. Named groups, (?<order>…), can be used as {{order}}.')
    .optional(),
  words: list(text(100), 20, 'words')
    .describe('The last message of the user has all of them, in any order.')
    .optional(),
  assistant: expression().describe('What the answer before it held.').optional(),
  turn: whole(1, 10_000).describe('Which message of the user it is.').optional(),
  after: oneOrMore(text(120), names('tools'), 'must be the name of a tool or a list of names')
    .describe('One of these tools has just answered. Left out: the user has just written.')
    .optional(),
  failed: flag().describe('Of after: whether it failed. Left out: it did not.').optional(),
  result: expression().describe('Of after: what the result holds as text.').optional(),
  notCalled: oneOrMore(text(120), names('tools'), 'must be the name of a tool or a list of names')
    .describe('None of these tools was called since the user wrote.')
    .optional(),
  where: z
    .record(z.string(), z.union([scalar, z.array(scalar)]), { error: 'must be an object of paths and values' })
    .describe('What results hold, by path: { find_order.state: [packed, paid] }.')
    .optional(),
}).describe('All of it must be so. The first rule that fits, and whose {{parts}} are all known, applies.');

const rule = strict({
  when: when.prefault({}),
  call: list(
    strict({
      tool: text(120).describe('SERVER__TOOL for one of an MCP server.'),
      with: z.record(z.string(), z.unknown(), { error: 'must be an object of arguments' }).default({}),
    }),
    simulateLimits.calls,
    'calls',
  )
    .describe('Tools that are called, at once.')
    .optional(),
  answer: oneOrMore(
    text(simulateLimits.answerLength),
    list(text(simulateLimits.answerLength), simulateLimits.answers, 'texts').min(1, {
      error: 'must hold at least one text',
    }),
    'must be text or a list of texts',
  )
    .describe(
      'What is said; of several texts, one by chance. {{find_order.items[0].name}} is filled in from the latest result of a tool, {{all.find_order[0]}} from the first one of this turn, {{user}} from what was asked.',
    )
    .optional(),
}).refine(({ call, answer }) => call !== undefined || answer !== undefined, { error: 'needs call or answer' });

const usdPerMillion = () => number(0, 100_000).optional();

/** How a model of the provider `simulated` behaves; what is left out is as its name says: quick, careful, slow, flaky. */
export const simulate = strict({
  seed: whole(0, 2_147_483_647)
    .default(1)
    .describe('The same seed and requests give the same answers, times and errors.'),
  firstToken: time.describe('Until the first word.').optional(),
  latency: time.describe('Of the whole call. Not together with tokensPerSecond.').optional(),
  tokensPerSecond: spread(number(0.1, 100_000), 'a number from 0.1 to 100000').optional(),
  answerTokens: spread(whole(1, 100_000), 'a whole number from 1 to 100,000')
    .describe('Length of answers that no rule gives.')
    .optional(),
  contextWindow: whole(100, 100_000_000).describe('Tokens; longer requests are refused.').optional(),
  errors: errors.optional(),
  usdPerMillionInput: usdPerMillion().describe('US dollars per million tokens.'),
  usdPerMillionCachedInput: usdPerMillion().describe('Left out: as input.'),
  usdPerMillionOutput: usdPerMillion(),
  values: named(pattern(/^[a-z][A-Za-z0-9_]{0,63}$/, 'names of letters, digits and _'), expression(), {
    max: simulateLimits.values,
    noun: 'values',
  })
    .describe(
      'Looked for in what the user wrote, the latest message first: { order_id: "\\b\\d{4}\\b" }. The first group counts.',
    )
    .default({}),
  script: list(rule, simulateLimits.rules, 'rules')
    .describe('What it does when. Where no rule applies, it makes do with the tools and the words it was given.')
    .default([]),
})
  .refine(({ latency, tokensPerSecond }) => latency === undefined || tokensPerSecond === undefined, {
    path: ['latency'],
    error: 'does not go with tokensPerSecond',
  })
  .refine(({ errors: given = {} }) => sumOfRates(given) <= 1, { path: ['errors'], error: 'are more than all calls' });

export type Simulate = z.infer<typeof simulate>;
export type Rule = Simulate['script'][number];

/** A share that is itself wrong has a fault of its own. */
function sumOfRates({ rate_limited: limited, ...others }: z.infer<typeof errors>): number {
  const shares = [limited?.rate, ...Object.values(others)].map((one) => one ?? 0).filter((one) => one <= 1);
  return Number(shares.reduce((sum, one) => sum + one, 0).toFixed(9));
}

function isExpression(source: string): boolean {
  try {
    return new RegExp(source, 'iu') instanceof RegExp;
  } catch {
    return false;
  }
}
