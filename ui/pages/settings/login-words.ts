import type { ApiFailure } from '../../api/client.ts';

/** What is wrong with what was typed, before it is sent; null where it may be a key. */
export function checkTypedKey(typed: string): string | null {
  const key = typed.trim();
  if (key === '') return 'Paste a key first.';
  if (/\s/.test(key)) return 'A key has no spaces and is one line: was more than the key pasted?';
  return null;
}

/** Why a key does not open the door, and what to do. */
export function describeSignIn({ code, status, message }: Pick<ApiFailure, 'code' | 'status' | 'message'>): string {
  if (status === 401 || status === 403) return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
  if (code === 'unreachable') return message;
  return `The key could not be checked: ${message}.`;
}

/** Where one was going, as a path to read; null for the start page. */
export function readTarget({ pathname, search }: Pick<URL, 'pathname' | 'search'>): string | null {
  const path = `${decodeQuietly(pathname)}${search.length > 60 ? '?…' : search}`;
  return path === '/' || path === '/traces' ? null : path;
}

/** A mistyped `%` is shown as it stands. */
function decodeQuietly(text: string): string {
  try {
    return decodeURI(text);
  } catch {
    return text;
  }
}
