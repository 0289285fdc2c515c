import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../../../../server/alerts/deliver/public-address.ts';

describe('isPublicAddress of messages', () => {
  it.each([
    ['93.184.216.34', true],
    ['2606:2800:220:1::1', true],
    ['127.0.0.1', false],
    ['169.254.169.254', false],
    ['::ffff:10.0.0.1', false],
    ['64:ff9b::7f00:1', false],
    ['2002:a00:1::', false],
    ['fe80::1%eth0', false],
    ['localhost', false],
  ])('judges %s', (address, expected) => {
    expect(isPublicAddress(address)).toBe(expected);
  });

  it('is the rule of the tools of agents to the letter: a range that one of them lacks would be a hole', () => {
    const read = (path: string) => readFileSync(new URL(`../../../../../${path}`, import.meta.url), 'utf8');
    expect(read('server/alerts/deliver/public-address.ts')).toBe(read('runtime/tools/address-rule.ts'));
  });
});
