import { expect, it } from 'vitest';
import { personas } from '../../../../runtime/demo/personas.ts';
import { makeUser, replyTo } from '../../../../runtime/demo/user.ts';
import { makeWorld } from '../../../../runtime/demo/world.ts';

const world = makeWorld(Date.UTC(2026, 10, 23));
const always = (value: number) => () => value;
const goal = { lines: ['Where is it?', 'And when?', 'Thanks'], orderId: '1042' };
const heard = { answer: 'It is on its way.', said: ['Where is it?'], failed: false, random: always(0.9) };

it('makes the same users for the same seed, of every kind', () => {
  const make = (seed: number) => Array.from({ length: 300 }, (_, i) => makeUser(world, seed, i));
  const opening = (seed: number) => make(seed).map(({ goal: { lines }, model }) => [model, lines]);
  expect(opening(1)).toEqual(opening(1));
  expect(opening(1)).not.toEqual(opening(2));
  expect(new Set(make(1).map(({ persona }) => persona.name))).toEqual(new Set(personas.map(({ name }) => name)));
  const [given] = personas;
  expect(makeUser(world, 1, 5, given).persona).toBe(given);
});

it('makes the same world every day, with dates near that day', () => {
  expect(makeWorld(Date.UTC(2026, 10, 23))).toEqual(world);
  const later = makeWorld(Date.UTC(2027, 1, 1));
  expect(later.orders.map(({ id, state }) => [id, state])).toEqual(world.orders.map(({ id, state }) => [id, state]));
  const dates = later.orders.map(({ orderedAt }) => orderedAt).toSorted();
  expect([dates[0], dates.at(-1)]).toEqual(['2027-01-02', '2027-02-01']);
});

it('says one thing after the other, and leaves', () => {
  expect(replyTo(heard, goal)).toBe('And when?');
  expect(replyTo({ ...heard, said: goal.lines }, goal)).toBeUndefined();
});

it('answers what it is asked', () => {
  const asked = { ...heard, answer: 'Which order is it?' };
  expect(replyTo(asked, goal)).toBe('It is order 1042.');
  expect(replyTo({ ...asked, said: ['It is order 1042.', 'Where is it?'] }, goal)).toBe('And when?');
  const confirming = { ...heard, answer: 'Shall I cancel order 1042?' };
  expect(replyTo(confirming, { ...goal, confirms: true })).toBe('Yes, please do.');
  expect(replyTo(confirming, goal)).toBe('No, leave it as it is.');
});

it('gets angry or gives up when things go wrong', () => {
  const bad = { ...heard, answer: '', failed: true, random: always(0.1) };
  expect(replyTo(bad, { ...goal, isImpatient: true })).toBe('That is unacceptable. I want to talk to a human.');
  expect(replyTo(bad, goal)).toBeUndefined();
});
