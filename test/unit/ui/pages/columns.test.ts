import { expect, test } from 'vitest';
import { listShown, nextSort, readAriaSort } from '../../../../ui/components/table/columns.ts';
import { columns } from '../../../../ui/pages/traces/columns.ts';

const find = (id: string) => {
  const column = columns.find((one) => one.id === id);
  if (column === undefined) throw new Error(`no column ${id}`);
  return column;
};

test('hidden columns are left out, fixed ones stay', () => {
  expect(listShown(columns, ['time', 'model', 'cost', 'unheard-of']).map((column) => column.id)).toEqual([
    'time',
    'name',
    'agent',
    'steps',
    'tokens',
    'duration',
    'status',
  ]);
});

test('a header of two orders goes back and forth, one of one order returns to newest first', () => {
  expect(nextSort(find('time'), '-startTime', '-startTime')).toBe('startTime');
  expect(nextSort(find('time'), 'startTime', '-startTime')).toBe('-startTime');
  expect(nextSort(find('duration'), '-startTime', '-startTime')).toBe('-duration');
  expect(nextSort(find('duration'), '-duration', '-startTime')).toBe('-startTime');
});

test('the order is said for the column that has it only', () => {
  expect(readAriaSort(find('duration'), '-duration')).toBe('descending');
  expect(readAriaSort(find('time'), 'startTime')).toBe('ascending');
  expect(readAriaSort(find('tokens'), '-duration')).toBeUndefined();
});
