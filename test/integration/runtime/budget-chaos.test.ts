import { describe, expect, test } from 'vitest';
import { parseUsd } from '../../../runtime/run/money.ts';
import type { Turn } from '../../../runtime/sessions/record.ts';
import type { SessionStore } from '../../../runtime/sessions/store.ts';
import { type BudgetServer, flatPrice, startBudgetServer } from '../../support/budget-server.ts';
import { ask, type Runtime, startRuntime } from '../../support/runtime.ts';
import { storeKinds } from '../../support/session-stores.ts';
import type { WireScript } from '../../support/wire/script.ts';
import { startWireServer } from '../../support/wire/server.ts';

const turnCount = 500;
/** A small part of what the turns would cost, at a dollar a token. */
const budgetUsd = 300;
const maxOutputTokens = 10;
/** A process is killed when the model has been asked so often. */
const killAfter = 20;
/** Until what a dead process held has run out: the time of a call, and a minute. */
const expiryMs = 150_000;
const testLimitMs = 400_000;
/** What broke off counts as dear as it may have been, until the ledger knows that it is not billed. */
const mostCut = 3 * maxOutputTokens;
const nothingHeld = { reservedUsd: '0', pendingUsd: '0' };

/** Nine of ten calls are answered with 1 to 7 tokens, the others fail in one way or another. */
function playModel(n: number): WireScript {
  const tokens = 1 + ((n * 7) % 7);
  const text = Array.from({ length: tokens }, (_, i) => `w${i}`).join(' ');
  const pace = { firstTokenMs: 20 + ((n * 37) % 150), gapMs: 5 };
  if (n % 20 === 3) return { fail: 'overloaded' };
  if (n % 20 === 11) return { text, ...pace, breaks: { how: 'socket', after: tokens - 1 } };
  return { text, ...pace };
}

function answeredTokens(script: WireScript): number {
  return 'text' in script && script.breaks === undefined ? String(script.text).split(' ').length : 0;
}

describe.each(storeKinds)(`${turnCount} turns at once against one budget, on $kind`, ({ start }) => {
  test(
    'never spend more than it, through failures, a kill and a takeover; afterwards nothing is held and all is booked',
    { timeout: testLimitMs },
    async () => {
      const ground = await start();
      const store = await ground.open();
      const server = await startBudgetServer();
      const runtimes: Runtime[] = [];
      let underWayAtKill = 0;
      let answered = 0;
      const model = await startWireServer({
        protocol: 'openai',
        keepsRequests: false,
        answer: (_request, n) => {
          if (n === killAfter) {
            underWayAtKill = model.openCount();
            void runtimes[0]?.kill();
          }
          const script = playModel(n);
          answered += answeredTokens(script);
          return script;
        },
      });
      server.prices.set('local/one', flatPrice('0', '1000000'));
      server.budgets.push({
        ...{ budgetId: 'all', name: 'Everything', scope: 'project', amountUsd: String(budgetUsd), action: 'block' },
      });
      const options = {
        agents: { clerk: clerkOn(model.url) },
        dataDir: ground.settings.dataDir,
        environment: {
          SIGHTGLASS_SERVER_URL: server.url,
          OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
          ...(ground.settings.redisUrl === undefined ? {} : { REDIS_URL: ground.settings.redisUrl }),
        },
      };
      const victim = await startRuntime(options);
      runtimes.push(victim);
      const survivor = await startRuntime(options);

      const outcomes = await Promise.all(
        Array.from({ length: turnCount }, (_, n) => outcomeOf(n % 2 === 0 ? victim : survivor, n)),
      );
      await expect.poll(() => countOpen(store), { timeout: expiryMs, interval: 500 }).toBe(0);
      await expect.poll(() => listEnds(store, server), { timeout: expiryMs, interval: 500 }).toEqual('all booked');
      await expect.poll(() => readHeld(survivor), { timeout: expiryMs, interval: 500 }).toEqual(nothingHeld);

      const spent = Number(server.spentUsd('all:'));
      expect(spent).toBeLessThanOrEqual(budgetUsd);
      // What the ledger cannot know: answers that died with the process that read them, and what came again in their place.
      expect(answered).toBeLessThanOrEqual(budgetUsd + underWayAtKill * maxOutputTokens);
      expect(spent).toBeGreaterThan(0);
      expect(outcomes).toContain('budget_exhausted');
      // Nothing of it is lost: it can be used up to where one more call might not fit.
      for (let n = turnCount; n < turnCount + budgetUsd; n += 1) {
        if ((await outcomeOf(survivor, n)) === 'budget_exhausted') break;
      }
      await expect.poll(() => readHeld(survivor), { timeout: expiryMs, interval: 500 }).toEqual(nothingHeld);
      expect(Number(server.spentUsd('all:'))).toBeGreaterThan(budgetUsd - maxOutputTokens - mostCut);
      expect(Number(server.spentUsd('all:'))).toBeLessThanOrEqual(budgetUsd);

      await survivor.remove();
      await victim.remove();
      await model.close();
      await server.close();
      await ground.stop();
    },
  );
});

function clerkOn(baseUrl: string): object {
  return {
    instructions: 'Help.',
    model: [{ model: 'local/one', baseUrl, maxOutputTokens, retries: 1, timeout: '10s' }],
  };
}

/** How a turn ended for its client, or the code of its error. */
async function outcomeOf(runtime: Runtime, n: number): Promise<string> {
  try {
    const { turn } = await ask(runtime, 'clerk', `question ${n}`, { 'idempotency-key': `turn-${n}` });
    return turn.state;
  } catch (error) {
    return (error as { code?: string }).code ?? 'no connection';
  }
}

async function listTurns(store: SessionStore): Promise<Turn[]> {
  const sessions = await store.listSessions({ limit: turnCount });
  return (await Promise.all(sessions.map(({ id }) => store.listTurns(id)))).flat();
}

async function countOpen(store: SessionStore): Promise<number> {
  return (await listTurns(store)).filter(({ end }) => end === null).length;
}

/** What the turns' own records say that they spent is what the ledger has. */
async function listEnds(store: SessionStore, server: BudgetServer): Promise<string> {
  const costs = (await listTurns(store)).flatMap(({ entries }) =>
    entries.flatMap((entry) => (entry.type === 'step' ? (entry.costUsd ?? []) : [])),
  );
  const recorded = costs.reduce((sum, usd) => sum + parseUsd(usd), 0n);
  const booked = parseUsd(server.spentUsd('all:'));
  return recorded === booked ? 'all booked' : `${recorded} recorded, ${booked} booked`;
}

async function readHeld({ url }: Runtime): Promise<object | undefined> {
  const response = await fetch(`${url}/v1/budgets`);
  const { accounts } = (await response.json()) as {
    accounts: { accountId: string; reservedUsd: string; pendingUsd: string }[];
  };
  const account = accounts.find(({ accountId }) => accountId === 'all:');
  return account && { reservedUsd: account.reservedUsd, pendingUsd: account.pendingUsd };
}
