import { expect, test } from 'vitest';
import { describeLabel, splitLabel, toLabelFilter } from '../../../../ui/components/label-text.ts';

test('a filter names key and value, of which the value may hold a “=”', () => {
  expect(splitLabel('team=search')).toEqual({ key: 'team', value: 'search' });
  expect(splitLabel('note=a=b')).toEqual({ key: 'note', value: 'a=b' });
  expect(toLabelFilter({ key: 'note', value: 'a=b' })).toBe('note=a=b');
});

test('a key that holds a “=” cannot be filtered by', () => {
  expect(toLabelFilter({ key: 'order=id', value: '1' })).toBe(null);
  expect(toLabelFilter({ key: 'empty', value: '' })).toBe(null);
});

test('a tag is named without its value', () => {
  expect(describeLabel({ key: 'tag.beta', value: 'true' })).toEqual({ name: 'tag', text: 'beta' });
  expect(describeLabel({ key: 'tag.beta', value: 'no' })).toEqual({ name: 'tag.beta', text: 'no' });
  expect(describeLabel({ key: 'team', value: 'search' })).toEqual({ name: 'team', text: 'search' });
});
