import { expect, test } from 'vitest';
import { formatLogLine } from '../../../../server/standalone/log-line.ts';

test('shows a warning with its details as one readable line', () => {
  const line = formatLogLine('{"level":40,"time":1,"name":"collector","msg":"spooling","rows":12,"reason":"away"}');
  expect(line).toBe('warning: spooling (rows=12, reason=away)');
});

test('shows the message of the cause of an error, not its stack', () => {
  const line = formatLogLine(
    '{"level":50,"time":1,"err":{"type":"Error","message":"boom","stack":"at x"},"msg":"request failed"}',
  );
  expect(line).toBe('error: request failed (boom)');
});

test('leaves out what is below a warning', () => {
  expect(formatLogLine('{"level":30,"time":1,"msg":"listening"}')).toBeUndefined();
});

test.each(['SIGHTGLASS_PORT=x is not allowed', '{ not json', '{"no":"level"}', ''])('passes on %j as it is', (line) => {
  expect(formatLogLine(line)).toBe(line);
});
