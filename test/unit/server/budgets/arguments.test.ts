import { expect, it } from 'vitest';
import { parseBudgetsArguments } from '../../../../server/budgets/arguments.ts';

it('reads which call is asked for', () => {
  const args =
    'check --project shop --agent desk --user ada --label tenant=a=b --model gpt-4o --input-tokens 5 --output-tokens 6';
  expect(parseBudgetsArguments(args.split(' '))).toEqual({
    ...{ verb: 'check', projectId: 'shop', json: false },
    request: {
      ...{ agent: 'desk', user: 'ada', session: null, labels: { tenant: 'a=b' } },
      ...{ model: 'gpt-4o', inputTokens: 5, maxOutputTokens: 6 },
    },
  });
  expect(parseBudgetsArguments(['list', '--json'])).toEqual({ verb: 'list', projectId: 'default', json: true });
});

it.each([
  ['', 'budgets needs a verb; allowed: list, check'],
  ['raise', 'unknown verb budgets raise; allowed: list, check'],
  ['list --user ada', "Unknown option '--user'"],
  ['check --project=', '--project is empty'],
  ['check --usd lots', '--usd must be US dollars as text such as 0.02'],
  ['check --label tenant', '--label tenant is no label; allowed: KEY=VALUE'],
  ['check --input-tokens many', '--input-tokens must be a whole number from 0 to 1000000000'],
  [`check --user=${'u'.repeat(513)}`, '--user must be at most 512 characters'],
])('refuses `budgets %s` in one line', (args, line) => {
  const parsed = parseBudgetsArguments(args === '' ? [] : args.split(' '));
  expect(parsed).toHaveProperty('fault', expect.stringContaining(line) as string);
  expect(JSON.stringify(parsed)).not.toContain('\\n');
});
