import { findReferences, isSecretName, resolveReferences } from '../definition/secrets.ts';

/** Shorter values would be found in texts by chance. */
const hiddenLengthMin = 8;

/** Declared texts with their references filled in. */
export interface BoundTexts {
  values: Record<string, string>;
  /** Names of what the environment lacks. */
  missing: string[];
  /** Removes from a text what came from the environment as a secret. */
  hide: (text: string) => string;
}

/** Fills in the references of headers or variables; `alsoHidden` are other declared texts whose secrets are hidden. */
export function bindTexts(
  declared: Readonly<Record<string, string>>,
  environment: NodeJS.ProcessEnv,
  alsoHidden: readonly string[] = [],
): BoundTexts {
  const entries = Object.entries(declared);
  const values = Object.fromEntries(entries.map(([name, text]) => [name, resolveReferences(text, environment)]));
  const used = [...entries, ...alsoHidden.map((text) => ['', text] as const)].flatMap(([key, text]) =>
    findReferences(text).map((one) => ({ ...one, key, value: environment[one.name] ?? '' })),
  );
  const missing = used.filter(({ fallback, value }) => fallback === undefined && value === '').map(({ name }) => name);
  const secrets = used.filter(
    ({ key, name, value }) => value.length >= hiddenLengthMin && (isSecretName(key) || isSecretName(name)),
  );
  // The longest first: one may hold another.
  const sorted = secrets.toSorted((a, b) => b.value.length - a.value.length);
  const hide = (text: string) => sorted.reduce((rest, { name, value }) => rest.replaceAll(value, `[${name}]`), text);
  return { values, missing: [...new Set(missing)], hide };
}
