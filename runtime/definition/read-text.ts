import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';

/** What a definition file and a file that it includes may be at most. */
export const fileBytesMax = 256 * 1024;

/** Reads a file of UTF-8 text; line ends become `\n`. Answers in words why it cannot. */
export function readText(path: string): { text: string } | { fault: string } {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe without a writer would block
  } catch (error) {
    return { fault: `cannot be read: ${reason(error)}` };
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) return { fault: 'cannot be read: it is no file' };
    // One byte more than allowed tells that there are more, whatever the size says.
    const bytes = Buffer.alloc(Math.min(stat.size, fileBytesMax) + 1);
    const length = readSync(file, bytes, 0, bytes.length, 0);
    if (length > fileBytesMax) return { fault: `is too large, allowed: ${fileBytesMax / 1024} KiB` };
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length));
    return { text: text.replaceAll('\r\n', '\n') };
  } catch (error) {
    return { fault: error instanceof TypeError ? 'is not UTF-8 text' : `cannot be read: ${reason(error)}` };
  } finally {
    closeSync(file);
  }
}

/** Reads a file that another one includes: beside it or in a folder below, also behind symbolic links. */
export function readIncluded(including: string, path: string): { text: string } | { fault: string } {
  const folder = realpathSync(dirname(including));
  const target = resolve(folder, path);
  const outside = { fault: `is outside of the folder of this file, allowed: a file in it or below` };
  if (!isWithin(folder, target)) return outside;
  try {
    if (!isWithin(folder, realpathSync(target))) return outside;
  } catch (error) {
    return { fault: `cannot be read: ${reason(error)}` };
  }
  return readText(target);
}

function isWithin(folder: string, path: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'it may not be read',
    EISDIR: 'it is a folder',
    ELOOP: 'its links lead in a circle',
    ENOTDIR: 'there is no such file',
  };
  return reasons[code] ?? code;
}
