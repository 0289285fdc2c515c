import { request } from 'node:http';
import { secretHeader } from './clickhouse-config.ts';

/** Where the embedded ClickHouse listens and who asks. */
export interface StatementTarget {
  port: number;
  secret: string;
  user: string;
  password: string;
}

const statementLimitMs = 10_000;

/**
 * Sends one statement on a connection of its own, which is closed with the answer: ClickHouse waits five seconds at its
 * end for any connection that is kept alive. Rejects with ClickHouse's message, or after `statementLimitMs`.
 */
export function sendStatement(target: StatementTarget, sql: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        port: target.port,
        method: 'POST',
        agent: false,
        timeout: statementLimitMs,
        headers: {
          connection: 'close',
          [secretHeader]: target.secret,
          'x-clickhouse-user': target.user,
          'x-clickhouse-key': target.password,
        },
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (body += chunk));
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 200) resolve(body);
          else reject(new Error(`ClickHouse answered ${String(response.statusCode)}: ${body.slice(0, 500).trim()}`));
        });
      },
    );
    call.on('timeout', () =>
      call.destroy(new Error(`ClickHouse did not answer within ${String(statementLimitMs)} ms`)),
    );
    call.on('error', reject);
    call.end(sql);
  });
}
