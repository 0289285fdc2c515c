import { describe, expect, it } from 'vitest';
import { keeperOf } from '../../../../runtime/telemetry/capture.ts';
import { redactJson, redactText } from '../../../../runtime/telemetry/redact.ts';

describe('masks', () => {
  it.each([
    ['Write to ann.lee+shop@mail.example.co.uk now', 'Write to [email] now'],
    ['card 4111 1111 1111 1111, thanks', 'card [card], thanks'],
    ['card 5500-0000-0000-0004', 'card [card]'],
    ['IBAN DE89 3704 0044 0532 0130 00.', 'IBAN [iban].'],
    ['IBAN GB82WEST12345698765432', 'IBAN [iban]'],
    ['call +49 30 901820 or +1 (555) 123-4567', 'call [phone] or [phone]'],
    ['call 030 / 901 820 55', 'call [phone]'],
    ['call (555) 123-4567 or 555-123-4567', 'call [phone] or [phone]'],
    ['ssn 078-05-1120', 'ssn [ssn]'],
    ['from 192.168.1.20, port 80', 'from [ip], port 80'],
    ['from 2001:db8::ff00:42:8329', 'from [ip]'],
    ['Authorization: Bearer abc123def456', 'Authorization: Bearer [secret]'],
    ['key sk-proj-a1b2c3d4e5f6g7h8', 'key [secret]'],
    ['AKIAIOSFODNN7EXAMPLE', '[secret]'],
    ['ghp_16C7e42F292c6912E7710c838347Ae178B4a', '[secret]'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4', '[secret]'],
    ['postgres://app:hunter2@db/shop', 'postgres://app:[secret]@db/shop'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----', '[secret]'],
  ])('%s', (text, masked) => {
    expect(redactText(text)).toBe(masked);
  });
});

describe('leaves alone', () => {
  it.each([
    'Order 1234567890123 of 2026-11-23 at 10:15:30',
    'trace 4bf92f3577b34da6a3ce929d0e0e4736',
    'id 3f2504e0-4f89-11d3-9a0c-0305e82c3301',
    'version 1.2.3, price 1,234.50, 12.5 %',
    'card number ending in 1111',
    'It is at 8:30 or std::vector<int>',
    'Bearer tokens and sk- keys are secrets',
    'DE is a country, 300.400.500.600 is no address',
  ])('%s', (text) => {
    expect(redactText(text)).toBe(text);
  });
});

it('masks within JSON, names and numbers included', () => {
  expect(redactJson({ 'bob@x.com': [1, true, null], card: 4111111111111111, nested: { ip: '10.0.0.1' } })).toEqual({
    ...{ '[email]': [1, true, null], card: '[card]', nested: { ip: '[ip]' } },
  });
  // A line break before the address is not part of it.
  expect(keeperOf('redacted').payload('{"note":"from\\nbob@x.com"}')).toBe('{"note":"from\\n[email]"}');
  expect(keeperOf('redacted').payload('{"note": bob@x.com')).toBe('{"note": [email]');
});

it('takes time in proportion to the length', () => {
  const hostile = ['a@', '1-', '+1 ', 'a:', 'AB12 ', '-----BEGIN PRIVATE KEY-----', '://a:', 'eyJ', '1.1.'];
  for (const piece of hostile) {
    const text = piece.repeat(Math.ceil(100_000 / piece.length));
    const startMs = performance.now();
    redactText(text);
    expect(performance.now() - startMs, piece).toBeLessThan(5_000);
  }
});
