/** What keys of providers and tokens look like. Prose about them has no digits in those places. Looking ahead is bounded: time grows with the length only. */
const secretPatterns = [
  /\bsk-(?=[\w-]{0,99}\d)[\w-]{6,}/, // OpenAI, Anthropic and many that follow them
  /\bBearer\s+(?!\$\{)(?=\S{0,99}\d)[\w.~+/=-]{6,}/i,
  /\bBasic\s+(?=\S{0,99}[\d=]|[a-z]+[A-Z])[\w+/=]{12,}/,
  /\b(AKIA|ASIA)[A-Z0-9]{16}\b/, // AWS
  /\bAIza[\w-]{30,}/, // Google
  /\b(gh[pousr]|github_pat|glpat|xox[abprs]|hf|r8|gsk|xai|pk-lf|sk-lf)[_-](?=[\w-]{0,99}\d)[\w-]{16,}/,
  /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}/, // JSON web tokens
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /:\/\/[^\s/:@{}]+:(?!\$\{)[^\s/@]+@/, // a password in an address
];

/** Headers and variables of these names carry secrets. */
const secretName = /authorization|cookie|api[-_]?key|token|secret|password|credential/i;

const reference = /\$\{env:([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\}/g;

/** A value of the environment that a definition names; `fallback` stands for it when it is not set. */
export interface EnvReference {
  name: string;
  fallback: string | undefined;
}

export const referenceForm = '${env:NAME} or ${env:NAME:-default}';

export function looksLikeSecret(value: string): boolean {
  return secretPatterns.some((one) => one.test(value));
}

export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

export function findReferences(value: string): EnvReference[] {
  return [...value.matchAll(reference)].map(([, name = '', fallback]) => ({ name, fallback }));
}

/** The value without its references. */
export function removeReferences(value: string, instead: (fallback: string | undefined) => string): string {
  return value.replaceAll(reference, (_whole, _name: string, fallback: string | undefined) => instead(fallback));
}

/** The value with its references filled in; the start has checked that they are there, what is missing since then is empty. */
export function resolveReferences(value: string, env: NodeJS.ProcessEnv): string {
  return value.replaceAll(reference, (_whole, name: string, fallback = '') => {
    const found = env[name] ?? '';
    return found === '' ? String(fallback) : found;
  });
}
