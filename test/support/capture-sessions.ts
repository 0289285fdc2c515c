import type { ApiClient } from './api-client.ts';
import type { Capture } from './captures.ts';

/** Every session and user of the bodies is found, with its turns and its costs. Answers what differs. */
export async function compareSessions(capture: Capture, api: ApiClient): Promise<string[]> {
  const { derivable, truth } = capture;
  const failures: string[] = [];
  const listed = new Map((await api.listSessions()).map((session) => [session.sessionId, session]));
  const bySession = await api.getCosts('session');
  for (const sessionId of idsIn(derivable.session_id_found_in)) {
    const session = listed.get(sessionId);
    if (session === undefined) {
      failures.push(`session ${sessionId} is not listed`);
      continue;
    }
    const turns = await api.listTurns(sessionId);
    if (turns.length === 0) failures.push(`session ${sessionId} replays no turn`);
    if (turns.length !== session.turnCount) {
      failures.push(`session ${sessionId} replays ${turns.length} turns, the list says ${session.turnCount}`);
    }
    const spent = bySession.rows.find((row) => row.session === sessionId)?.usage.inputTokens ?? 0;
    if (spent !== session.usage.inputTokens) {
      failures.push(`session ${sessionId} has ${session.usage.inputTokens} input tokens, its costs have ${spent}`);
    }
  }
  const hasUser = idsIn(derivable.user_id_found_in).length > 0 && derivable.llm_calls_with_usage > 0;
  if (truth.user_id && hasUser) {
    const { rows } = await api.getCosts('user');
    if (!rows.some(({ user, usage }) => user === truth.user_id && usage.inputTokens > 0)) {
      failures.push(`no cost row for user ${truth.user_id}`);
    }
  }
  return failures;
}

/** What is found nowhere in the bodies cannot be shown. */
function idsIn(found: Readonly<Record<string, unknown>> | null | undefined): string[] {
  return Object.entries(found ?? {}).flatMap(([id, places]) =>
    typeof places === 'object' && places !== null && Object.keys(places).length === 0 ? [] : [id],
  );
}
