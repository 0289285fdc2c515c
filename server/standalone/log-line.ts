import { z } from 'zod';

/** pino's levels: 30 info, 40 warn, 50 error. */
const warnLevel = 40;
const errorLevel = 50;

const logEntry = z.looseObject({ level: z.number(), msg: z.string().default('') });

/**
 * What a person at the terminal should see of one line that a program printed: log entries (JSON) from `warn` up, as one
 * readable line; anything that is no log entry as it is. Undefined: nothing.
 */
export function formatLogLine(line: string): string | undefined {
  const entry = parseEntry(line);
  if (entry === undefined) return line;
  if (entry.level < warnLevel) return undefined;
  const { level, msg, time: _time, name: _name, err, ...rest } = entry;
  const details = [
    ...describeError(err),
    ...Object.entries(rest).map(
      ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    ),
  ];
  return [level >= errorLevel ? 'error:' : 'warning:', msg, details.length === 0 ? '' : `(${details.join(', ')})`]
    .filter((part) => part !== '')
    .join(' ');
}

function parseEntry(line: string): z.infer<typeof logEntry> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return logEntry.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function describeError(err: unknown): string[] {
  const parsed = z.object({ message: z.string() }).safeParse(err);
  return parsed.success ? [parsed.data.message] : [];
}
