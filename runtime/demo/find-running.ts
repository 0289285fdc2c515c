import type { DemoConfig } from './config.ts';

const answerLimitMs = 3_000;

/** What of the product does not answer, each with a line that says what to do; empty: all of it runs. */
export async function findMissing({ runtimeUrl, uiUrl, otlpUrl, key }: DemoConfig): Promise<string[]> {
  const parts = [
    { name: 'the runtime', url: runtimeUrl, variable: 'SIGHTGLASS_RUNTIME_PORT' },
    { name: 'the server', url: uiUrl, variable: 'SIGHTGLASS_PORT' },
    { name: 'the collector', url: otlpUrl, variable: 'SIGHTGLASS_OTLP_HTTP_PORT' },
  ];
  const answers = await Promise.all(parts.map(({ url }) => isAlive(url)));
  const missing = parts.filter((_, i) => answers[i] !== true);
  if (missing.length === 0) return (await hasAccess(uiUrl, key)) ? [] : [keyLine];
  return [
    ...missing.map(({ name, url, variable }) => `${name} does not answer on ${url} (${variable})`),
    'run "npm start" in another terminal first, with the same ports',
  ];
}

const keyLine =
  'it runs with SIGHTGLASS_AUTH=on: set SIGHTGLASS_KEY to a key with scopes ingest, read and run (sightglass keys create --help)';

async function hasAccess(uiUrl: string, key: string | undefined): Promise<boolean> {
  const response = await fetch(`${uiUrl}/api/me`, {
    headers: key === undefined ? {} : { 'x-api-key': key },
    signal: AbortSignal.timeout(answerLimitMs),
  });
  const { auth, key: shown } = (await response.json()) as { auth?: string; key?: { scopes: string[] } | null };
  return auth === 'off' || ['ingest', 'read', 'run'].every((scope) => shown?.scopes.includes(scope) === true);
}

async function isAlive(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(answerLimitMs) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
