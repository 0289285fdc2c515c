import { expect, test } from 'vitest';
import { suggest, typedLabelKey, withoutLastWord } from '../../../../ui/components/query/suggest.ts';

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

const choices = {
  keys: [
    { key: 'team', traceCount: 7 },
    { key: 'tag.beta', traceCount: 1 },
    { key: 'cost centre', traceCount: 1 },
    { key: 'a=b', traceCount: 1 },
  ],
  values: new Map([['team', [{ value: 'search', traceCount: 4 }]]]),
};

test('a label offers its keys, then the values of the key', () => {
  const suggestions = (text: string) => suggest(text, facets, choices);
  expect(suggestions('label:').map((one) => one.text)).toEqual([
    'label:team=',
    'label:tag.beta=',
    'label:"cost centre=',
  ]);
  expect(suggestions('label:BETA').map((one) => one.label)).toEqual(['label:tag.beta=']);
  expect(suggestions('refund label:team=se')).toEqual([
    {
      id: 'label-team=search',
      label: 'label:team=search',
      hint: '4 traces',
      filter: { name: 'label', value: 'team=search' },
      text: '',
    },
  ]);
  expect(suggestions('label:unknown=')).toEqual([]);
  expect(['label:team', 'label:team=', 'x label:"cost centre=a', 'agent:a=b'].map(typedLabelKey)).toEqual([
    ...[undefined, 'team', 'cost centre', undefined],
  ]);
});
