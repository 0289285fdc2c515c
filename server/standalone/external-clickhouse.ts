import { secretHeader } from './clickhouse-config.ts';
import { StartError } from './start-error.ts';

const answerLimitMs = 5_000;

/**
 * Asks the ClickHouse that CLICKHOUSE_URL names for its version, before anything is started on it. Throws a StartError
 * that says what is wrong with the address or the login, without the password.
 */
export async function checkExternalClickHouse(
  url: string,
  secret: string | undefined,
): Promise<{ version: string; address: string }> {
  const { origin, username, password } = new URL(url);
  const address = origin;
  const user = decodeURIComponent(username) || 'default';
  const reply = await fetch(`${origin}/?query=${encodeURIComponent('SELECT version()')}`, {
    headers: {
      'x-clickhouse-user': user,
      'x-clickhouse-key': decodeURIComponent(password),
      ...(secret === undefined ? {} : { [secretHeader]: secret }),
    },
    redirect: 'error',
    signal: AbortSignal.timeout(answerLimitMs),
  }).catch((error: unknown) => {
    throw new StartError(`CLICKHOUSE_URL: no ClickHouse answers at ${address} (${explain(error)})`);
  });
  const body = (await reply.text()).trim();
  if (reply.status === 401 || reply.status === 403) {
    throw new StartError(`CLICKHOUSE_URL: the ClickHouse at ${address} refuses the login of user ${user}`);
  }
  if (!reply.ok || !/^\d+\.\d+/.test(body)) {
    throw new StartError(
      `CLICKHOUSE_URL: what answers at ${address} is not ClickHouse's HTTP port (status ${reply.status})`,
    );
  }
  return { version: body, address };
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `nothing within ${answerLimitMs / 1000} s`;
  const cause = error.cause as NodeJS.ErrnoException | undefined;
  return cause?.code ?? cause?.message ?? error.message;
}
