import { describe, expect, it } from 'vitest';
import { checkAddress } from '../../../../server/alerts/deliver/check-address.ts';

describe('the address of a channel', () => {
  it.each([
    'https://hooks.slack.com/services/T0/B0/x',
    'https://r.example:8443/in?token=1',
    'https://[2606:4700::1111]/',
  ])('%s is taken', (url) => {
    expect(() => checkAddress(url, { allowsPrivate: false })).not.toThrow();
  });

  it.each([
    ['http://r.example/', 'must begin with https://; http is allowed with SIGHTGLASS_PRIVATE_TARGETS=on'],
    ['https://localhost/', 'must not be of this machine or a private network'],
    ['https://metadata.google.internal/', 'must not be of this machine or a private network'],
    ['https://127.1/', 'must not be of this machine or a private network'],
    ['https://169.254.169.254/latest', 'must not be of this machine or a private network'],
    ['https://[::ffff:10.0.0.1]/', 'must not be of this machine or a private network'],
  ])('%s is taken only where private targets are allowed', (url, message) => {
    expect(() => checkAddress(url, { allowsPrivate: false })).toThrow(message);
    expect(() => checkAddress(url, { allowsPrivate: true })).not.toThrow();
  });

  it.each([
    ['slack', 'must be an https address'],
    ['javascript:alert(1)', 'must be an https address'],
    ['https://u:p@r.example/', 'must have no user name and no password'],
    ['https://r.example/#x', 'must have no fragment'],
  ])('%s is never taken', (url, message) => {
    for (const allowsPrivate of [true, false]) expect(() => checkAddress(url, { allowsPrivate })).toThrow(message);
  });
});
