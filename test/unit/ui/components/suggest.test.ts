import { expect, test } from 'vitest';
import { suggest, withoutLastWord } from '../../../../ui/components/query/suggest.ts';

const facets = [
  {
    name: 'agent' as const,
    values: [
      { value: 'support', traceCount: 12 },
      { value: 'triage bot', traceCount: 1 },
    ],
  },
  { name: 'status' as const, values: [{ value: 'ok', traceCount: 10 }] },
];
const labels = (text: string) => suggest(text, facets).map((one) => one.label);

test('an empty field offers the filters', () => {
  expect(labels('').slice(0, 3)).toEqual(['agent:', 'model:', 'status:']);
});

test('the start of a word offers filters and values', () => {
  expect(labels('refund s')).toEqual(['status:', 'kind:', 'service:', 'session:']);
  expect(labels('sup')).toEqual(['agent:support']);
});

test('a filter offers its values with their counts, known ones without', () => {
  expect(suggest('agent:', facets).map((one) => one.hint)).toEqual(['12 traces', '1 trace']);
  expect(labels('status:')).toEqual(['status:ok', 'status:error']);
  expect(labels('agent:"triage b')).toEqual(['agent:triage bot']);
});

test('taking a suggestion removes the word being typed', () => {
  expect(withoutLastWord('refund agent:su')).toBe('refund ');
  expect(withoutLastWord('refund agent:"triage b')).toBe('refund ');
});
