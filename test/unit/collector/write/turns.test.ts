import { setImmediate as nextRound } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Turns } from '../../../../collector/write/turns.ts';

describe('Turns', () => {
  it('lets one go each round of the event loop, first come first served', async () => {
    const turns = new Turns();
    const gone: string[] = [];
    const enter = (name: string) => void turns.take().then(() => gone.push(name));
    for (const name of ['a', 'b', 'c']) enter(name);
    expect(gone).toEqual([]);
    await nextRound();
    expect(gone).toEqual(['a']);
    enter('d');
    await nextRound();
    expect(gone).toEqual(['a', 'b']);
    await nextRound();
    await nextRound();
    expect(gone).toEqual(['a', 'b', 'c', 'd']);
  });

  it('ends when all who waited have gone, and begins anew', async () => {
    const turns = new Turns();
    const gone: string[] = [];
    for (const name of ['a', 'b', 'c']) void turns.take().then(() => gone.push(name));
    await turns.end();
    expect(gone).toEqual(['a', 'b', 'c']);
    await turns.end();
    await turns.take();
  });
});
