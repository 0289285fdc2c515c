import fc from 'fast-check';

/** Any number would do; another one is a new set of examples for every property test. */
const usualSeed = 20_261_123;

/**
 * Before each test file: property tests try the same examples in every run of one commit, whatever machine it is on.
 * `PROPERTY_SEED=random` lets them look for new ones, a number repeats a run that failed. A seed that a test gives
 * itself wins.
 */
function fixSeed(wished: string): void {
  if (wished === 'random') return;
  if (!/^-?\d{1,10}$/.test(wished)) throw new Error(`PROPERTY_SEED is "${wished}", allowed: a whole number or random`);
  fc.configureGlobal({ seed: Number(wished) });
}

fixSeed(process.env['PROPERTY_SEED'] ?? String(usualSeed));
