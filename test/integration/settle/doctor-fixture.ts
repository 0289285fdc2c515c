import { examineDatabase } from '../../../server/doctor/doctor.ts';
import { openDoctor, readScope } from '../../../server/doctor/open.ts';
import type { DoctorReport } from '../../../server/doctor/report.ts';
import type { TestDatabase } from '../../support/database.ts';
import { type fixtureWriter, spanIdOf, textMessage, traceIdOf } from '../server/fixtures.ts';

/** Runs the doctor as its command does. */
export async function runDoctor(
  database: TestDatabase,
  options: { repair?: boolean; projectId?: string; pricesFile?: string; fromMs?: number; toMs?: number } = {},
): Promise<DoctorReport> {
  const { repair = false, projectId, fromMs, toMs, pricesFile } = options;
  const asked = { repair, json: false, projectId, fromMs, toMs };
  const doctor = await openDoctor(database, asked, { pricesFile, confirmMs: 50, progress: () => undefined });
  try {
    return await examineDatabase(doctor, {
      print: () => undefined,
      onRepaired: async () => ({ ...doctor, options: { repair: false }, scope: await readScope(doctor.db, asked) }),
    });
  } finally {
    await doctor.close();
  }
}

/** What failed, by check: how often, and the cases as text. */
export function failures(report: DoctorReport): Record<string, string[]> {
  return Object.fromEntries(
    report.checks
      .filter(({ status }) => status === 'failed')
      .map(({ check, cases }) => [
        check,
        cases.map(({ stored, expected, ...place }) => `${Object.values(place).join(' ')}: ${stored} -> ${expected}`),
      ]),
  );
}

export const modelCall = {
  usage_scope: 'call',
  has_usage: true,
  input_tokens: 1000n,
  output_tokens: 100n,
  kind: 'llm',
  provider: 'openai',
  request_model: 'gpt-4o-mini',
  response_model: 'gpt-4o-mini-2024-07-18',
  scope_name: 'sdk-a',
} as const;

export const agentTrace = traceIdOf('a1');
export const nextTrace = traceIdOf('a2');
export const copyTrace = traceIdOf('c1');

/**
 * A session of two traces, one of them with a wrapper, a log record and a span that was sent twice; a copy of its call in a
 * third trace; a call without a price.
 */
export async function writeAgentRuns(write: ReturnType<typeof fixtureWriter>): Promise<void> {
  const root = {
    kind: 'agent',
    agent_name: 'support',
    session_id: 's-1',
    user_id: 'u-1',
    name: 'invoke_agent',
  } as const;
  const chat = {
    traceId: agentTrace,
    spanId: spanIdOf(2),
    parentSpanId: spanIdOf(1),
    at: 1,
    durationMs: 900,
    columns: { ...modelCall, name: 'chat', response_id: 'resp-1', input_preview: 'hello' },
    input: [textMessage('user', 'hello')],
  };
  await write.spans({ traceId: agentTrace, spanId: spanIdOf(1), at: 0, durationMs: 3000, columns: root }, chat);
  await write.spans(chat);
  await write.records({ traceId: agentTrace, spanId: spanIdOf(2), at: 1, input: [textMessage('user', 'hello')] });
  await write.spans(
    { traceId: nextTrace, spanId: spanIdOf(1), at: 60, durationMs: 3000, columns: root },
    {
      traceId: nextTrace,
      spanId: spanIdOf(2),
      parentSpanId: spanIdOf(1),
      at: 61,
      columns: { ...modelCall, name: 'chat', request_model: 'unheard-of', response_model: '', provider: '' },
    },
  );
  await write.spans({
    traceId: copyTrace,
    spanId: spanIdOf(3),
    at: 1,
    durationMs: 900,
    columns: { ...modelCall, name: 'chat', response_id: 'resp-1', scope_name: 'sdk-b' },
  });
}
