import type { Path } from './read-yaml.ts';
import { findReferences, isSecretName, looksLikeSecret, referenceForm, removeReferences } from './secrets.ts';

interface PlacedFault {
  path: Path;
  message: string;
}

/** Where references stand for values of the environment; everywhere else the model or a reader would see what they hold. */
const referencePlaces = [/^model\.\d+\.(apiKey|baseUrl)$/, /^tools\.\d+\.url$/, /^tools\.\d+\.(headers|env)\.[^.]+$/];
const secretPlaces = /^tools\.\d+\.(headers|env)\.[^.]+$/;
const allowedPlaces = 'apiKey and baseUrl of a model; url, headers and env of a tool';

/** Secrets that stand in a definition, references in wrong places, and those that the environment does not have. Values are never shown. */
export function checkSecrets(content: unknown, env: NodeJS.ProcessEnv | undefined): PlacedFault[] {
  return findTexts(content, []).flatMap(({ path, value }) => {
    const place = path.join('.');
    const message = referencePlaces.some((one) => one.test(place))
      ? checkReferences(value, { isSecret: secretPlaces.test(place) && isSecretName(String(path.at(-1))), env })
      : checkPlainText(value);
    return message === undefined ? [] : [{ path, message }];
  });
}

/** What is wrong with a text that may hold neither secrets nor references, such as instructions. */
export function checkPlainText(value: string): string | undefined {
  if (looksLikeSecret(value)) return 'holds what looks like a key: the model would see it';
  if (value.includes('${env:')) return `holds a reference, allowed only in ${allowedPlaces}`;
  return undefined;
}

function checkReferences(
  value: string,
  { isSecret, env }: { isSecret: boolean; env: NodeJS.ProcessEnv | undefined },
): string | undefined {
  if (looksLikeSecret(value)) return `holds what looks like a key, allowed: a reference ${referenceForm}`;
  if (removeReferences(value, () => '').includes('${')) return `has a broken reference, allowed: ${referenceForm}`;
  const references = findReferences(value);
  if (isSecret && references.length === 0 && value !== '') {
    return `must not stand here itself, allowed: a reference ${referenceForm}`;
  }
  const missing = references.filter(({ name, fallback }) => fallback === undefined && isUnset(name, env));
  if (missing.length === 0) return undefined;
  return `needs ${missing.map(({ name }) => name).join(', ')} in the environment, which is not set`;
}

/** Without an environment nothing is looked up. */
export function isUnset(name: string, env: NodeJS.ProcessEnv | undefined): boolean {
  return env !== undefined && (env[name] ?? '') === '';
}

function findTexts(value: unknown, path: Path): { path: Path; value: string }[] {
  if (typeof value === 'string') return [{ path, value }];
  if (Array.isArray(value)) return value.flatMap((one, i) => findTexts(one, [...path, i]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => findTexts(one, [...path, key]));
}
