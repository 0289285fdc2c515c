import { expect, it } from 'vitest';
import { looksLikeSecret } from '../../../../runtime/definition/secrets.ts';

it.each([
  'sk-abc123',
  'sk-proj-AbC_123456789',
  'Bearer abc123def456',
  'Basic dXNlcjpwYXNz',
  'AKIAIOSFODNN7EXAMPLE',
  `AIza${'Sy1'.repeat(12)}`,
  'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
  'xoxb-1234567890-abcdefghij',
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x',
  '-----BEGIN RSA PRIVATE KEY-----',
  'https://user:pass@example.com/',
])('takes %s for a secret', (value) => {
  expect(looksLikeSecret(value)).toBe(true);
});

it.each([
  'Ask the risk-averse customer, then task-2 and desk-44.',
  'Authorization: Bearer ${env:TOKEN}',
  'Bearer authentication is used.',
  'Basic questions are answered at once.',
  'https://example.com:8443/a@b',
  'sk-learn',
])('takes %s for text', (value) => {
  expect(looksLikeSecret(value)).toBe(false);
});
