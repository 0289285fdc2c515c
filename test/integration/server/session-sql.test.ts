import { beforeAll, describe, expect, it } from 'vitest';
import type { Db, QueryParameters } from '../../../server/queries/db.ts';
import { getSession } from '../../../server/queries/session-by-id.ts';
import { useDatabase } from '../../support/database.ts';
import { noonNs, spanIdOf, textMessage, traceIdOf } from './fixtures.ts';
import { useSessionApi } from './session-api.ts';

describe('the queries for one session', () => {
  const api = useSessionApi(useDatabase());
  const sessionId = "it's {projectId:String}";
  const traceId = traceIdOf('ab');
  const asked: { sql: string; parameters: QueryParameters }[] = [];

  beforeAll(async () => {
    const columns = { session_id: sessionId, kind: 'llm', usage_scope: 'call' } as const;
    const given = [textMessage('user', 'one'), textMessage('user', 'two')];
    const turn = { traceId, endNs: noonNs + 1n, isError: false, inputMessageCount: 1, lastUserMessage: 1n };
    await api.write.spans(
      { traceId, spanId: spanIdOf(1), at: 0, columns, input: given },
      { traceId, spanId: spanIdOf(2), at: 1, columns, input: given },
    );
    await api.write.records({ traceId, spanId: spanIdOf(1), output: [textMessage('assistant', 'three')] });
    await api.settled.sessionTraces({
      ...{ sessionId, traceId, columns: { span_count: 5n } },
      turns: [
        { ...turn, startNs: noonNs, userMessageCount: 2 },
        { ...turn, startNs: noonNs + 1_000_000_000n, userMessageCount: 4 },
      ],
    });
    await api.settled.sessions({ sessionId });
    // The real database, with what it is asked written down.
    const db = new Proxy(api.db, {
      get: (target, name) =>
        name === 'rows'
          ? async (sql: string, parameters: QueryParameters) => {
              asked.push({ sql, parameters });
              return target.rows(sql, parameters);
            }
          : (Reflect.get(target, name) as unknown),
    }) satisfies Db;
    const request = { projectId: api.project, sessionId, limit: 10 };
    await getSession(db, request, { spansMax: 2, tracesMax: 10 });
  });

  it('are these', () => {
    // That of the decisions is not of sessions alone.
    const own = asked.filter(({ sql }) => !sql.includes('lastPass'));
    const statements = own.map(({ sql }) => sql.replaceAll(/\s+/g, ' ').trim());
    expect(statements.toSorted()).toMatchSnapshot();
  });

  it('name a project and a limit, and hold no value', () => {
    expect(asked.length).toBeGreaterThan(8);
    for (const { sql, parameters } of asked) {
      expect(sql).toContain('project_id = {projectId:String}');
      expect(sql).toMatch(/LIMIT \{limit:UInt32\}|LIMIT 1/);
      expect(sql).not.toContain("it's");
      expect(sql).not.toContain(traceId);
      const named = [...sql.matchAll(/\{(\w+):[\w()]+\}/g)].map((match) => match[1] ?? '');
      expect(named.filter((name) => !(name in parameters))).toEqual([]);
    }
  });
});
