import type { CreateKeyRequest, KeyScope } from '../../api/types.ts';

/** What is in the fields, as typed. */
export interface KeyForm {
  name: string;
  projectId: string;
  scopes: readonly KeyScope[];
  /** Days; empty for a key that does not expire. */
  expiresInDays: string;
  spansPerSecond: string;
  spansPerDay: string;
}
export type KeyFormProblems = Partial<Record<keyof KeyForm, string>>;

/* The server's own limits, said before it is asked. */
const lengthMax = { name: 100, projectId: 128 };
const countMax = { expiresInDays: 3_650, spansPerSecond: 10_000_000, spansPerDay: 1_000_000_000_000 };

/** The form as a request, or what is wrong in which field. Limits count spans: without `ingest` there are none. */
export function readKeyForm(
  form: KeyForm,
): { request: CreateKeyRequest; problems: null } | { request: null; problems: KeyFormProblems } {
  const problems: KeyFormProblems = {};
  const readLine = (field: keyof typeof lengthMax, what: string): string => {
    const text = form[field].trim();
    if (text === '') problems[field] = what;
    else if (text.length > lengthMax[field]) problems[field] = `At most ${lengthMax[field]} characters.`;
    else if (/\p{Cc}/u.test(text)) problems[field] = 'One line, without control characters.';
    return text;
  };
  const readCount = (field: keyof typeof countMax): number | undefined => {
    const text = form[field].replaceAll(/[\s,_]/g, '');
    if (text === '') return undefined;
    const count = Number(text);
    if (/^\d+$/.test(text) && count >= 1 && count <= countMax[field]) return count;
    problems[field] = `A whole number from 1 to ${countMax[field].toLocaleString('en')}, or nothing.`;
    return undefined;
  };
  const name = readLine('name', 'A name tells later what the key is for.');
  const projectId = readLine('projectId', 'Which project it opens.');
  if (form.scopes.length === 0) problems.scopes = 'At least one: a key without a scope opens nothing.';
  const expiresInDays = readCount('expiresInDays');
  const counts = form.scopes.includes('ingest');
  const spansPerSecond = counts ? readCount('spansPerSecond') : undefined;
  const spansPerDay = counts ? readCount('spansPerDay') : undefined;
  if (Object.keys(problems).length > 0) return { request: null, problems };
  const limits = {
    ...(spansPerSecond === undefined ? {} : { spansPerSecond }),
    ...(spansPerDay === undefined ? {} : { spansPerDay }),
  };
  return {
    request: {
      ...{ name, projectId, scopes: [...form.scopes] },
      ...(expiresInDays === undefined ? {} : { expiresInDays }),
      ...(Object.keys(limits).length === 0 ? {} : { limits }),
    },
    problems: null,
  };
}
