import { describe, expect, test } from 'vitest';
import {
  drillDown,
  listChips,
  listCrumbs,
  nameLastStep,
  narrowTo,
  withoutFilter,
} from '../../../../ui/state/cost-drill.ts';
import { assignSlots, nameGroup, selectGroups } from '../../../../ui/state/cost-groups.ts';
import { readCostQuery } from '../../../../ui/state/cost-query.ts';

const read = (text: string) => readCostQuery(new URLSearchParams(text)).query;

describe('drilling down', () => {
  test('filters by the group and shows the next open dimension', () => {
    const changes = drillDown(read('model=gpt-5'), ['support']);
    expect(changes).toMatchObject({ agent: ['support'], model: ['gpt-5'], by: 'user', drill: ['agent'] });
  });

  test('asks for what has no value by its name', () => {
    expect(drillDown(read('by=user'), [null])).toMatchObject({ user: null, unattributed: ['user'], by: 'agent' });
    expect(narrowTo(read('by=label:team'), [null])).toEqual({ unattributed: ['label:team'] });
    expect(narrowTo(read('by=label:team&label=env%3Da'), ['search'])).toEqual({ label: ['env=a', 'team=search'] });
  });

  test('of two dimensions takes both', () => {
    const changes = drillDown(read('by=agent,model'), ['support', null]);
    expect(changes).toMatchObject({ agent: ['support'], unattributed: ['model'], by: 'user', drill: ['agent,model'] });
  });

  test('a group of several values that were filtered by becomes one', () => {
    expect(narrowTo(read('agent=a&agent=b'), ['b'])).toEqual({ agent: ['b'] });
  });

  test('has a way back, a step for each grouping', () => {
    const query = read('by=session&agent=support&unattributed=user&model=gpt-5&drill=agent&drill=user');
    const crumbs = listCrumbs(query);
    expect(crumbs.map(({ label }) => label)).toEqual(['All agents', 'support']);
    expect(nameLastStep(query)).toBe('no user');
    expect(crumbs[0]?.changes).toMatchObject({
      agent: null,
      unattributed: null,
      model: ['gpt-5'],
      by: 'agent',
      drill: [],
    });
    expect(crumbs[1]?.changes).toMatchObject({ agent: ['support'], unattributed: null, by: 'user', drill: ['agent'] });
  });
});

test('filters are chips, and each comes off alone', () => {
  const { filters } = read('agent=a&agent=b&label=team%3Dsearch&unattributed=user');
  expect(listChips(filters).map(({ key, text }) => `${key}${text}`)).toEqual([
    'agent:a',
    'agent:b',
    'label:team=search',
    'no user',
  ]);
  expect(withoutFilter(filters, 'agent', 'a').agent).toEqual(['b']);
  expect(withoutFilter(filters, 'unattributed', 'user')).not.toHaveProperty('unattributed');
});

describe('groups', () => {
  test('without a value have a name', () => {
    expect(nameGroup(['agent', 'label:team'], [null, 'search'])).toBe('no agent · search');
    expect(nameGroup(['label:team'], [null])).toBe('no label team');
  });

  test('are selected with one question for each pattern of missing values', () => {
    const query = read('by=agent,model&user=u');
    expect(
      selectGroups(query, [
        ['a', 'x'],
        ['b', 'x'],
        [null, 'y'],
        ['c', 'z'],
      ]),
    ).toEqual([
      { user: ['u'], agent: ['a', 'b', 'c'], model: ['x', 'z'] },
      { user: ['u'], unattributed: ['agent'], model: ['y'] },
    ]);
    expect(selectGroups(query, [])).toEqual([]);
  });

  test('keep their colour while they are shown', () => {
    const first = assignSlots(new Map(), ['a', 'b', 'c']);
    const second = assignSlots(first, ['c', 'd', 'a']);
    expect([...second]).toEqual([
      ['c', 2],
      ['a', 0],
      ['d', 1],
    ]);
  });
});
