import { isUtf8 } from 'node:buffer';

const projectPattern = /^[^\p{Cc}]{1,128}$/u;

/** What a sender is told whose project is none. */
export const projectRule = 'x-sightglass-project is not a name of 1 to 128 characters';

/** The project that a header or metadata names, `default` without one; undefined when it is no name. */
export function readProject(header: string | undefined): string | undefined {
  if (header === undefined) return 'default';
  // Header values arrive as Latin-1; senders mean UTF-8.
  const bytes = Buffer.from(header, 'latin1');
  const name = isUtf8(bytes) ? bytes.toString('utf8') : header;
  return projectPattern.test(name) ? name : undefined;
}
