import { z } from 'zod';
import type { AgentDefinition } from '../definition/schema.ts';

const timeoutMs = 3_000;

const usd = z.string().regex(/^-?\d{1,15}(\.\d{1,30})?$/);
const account = z.object({
  accountId: z.string(),
  budgetId: z.string(),
  name: z.string(),
  scope: z.string(),
  labelKey: z.string().nullable().default(null),
  value: z.string().nullable(),
  amountUsd: usd,
  action: z.enum(['warn', 'downgrade', 'pause', 'block']),
  window: z.object({
    key: z.string(),
    from: z.iso.datetime({ offset: true }),
    to: z.iso.datetime({ offset: true }).nullable(),
  }),
  spentUsd: usd,
});
const reply = z.object({
  revision: z.string(),
  nowMs: z.number(),
  accounts: z.array(account),
  bookedCalls: z.array(z.object({ traceId: z.string(), spanId: z.string() })),
  channels: z.array(z.string()).nullable().optional(),
});

/** What one value may spend of a budget, and what the ledger had of it at a moment. */
export type ResolvedAccount = z.infer<typeof account> & { asOfMs: number };
/**
 * `revision` changes with the budgets of the project; '' = it has none of its own. Sums and booked calls are of one snapshot of the
 * ledger, at `nowMs`.
 */
export type Resolution = Omit<z.infer<typeof reply>, 'accounts'> & { accounts: ResolvedAccount[] };

export type DeclaredBudgets = AgentDefinition['budgets'];

/** Who makes a call. */
export interface BudgetContext {
  project: string;
  agent: string | null;
  user: string | null;
  /** As spans name the conversation. */
  session: string | null;
  labels: Readonly<Record<string, string>>;
  /** Of the agent. */
  declared: DeclaredBudgets;
}

export interface AskedBudgets extends BudgetContext {
  /** These, and not those of the context. */
  accounts?: readonly string[] | undefined;
  /** Which of them does the ledger have? */
  calls?: readonly { traceId: string; spanId: string }[] | undefined;
  /** Also what the channels of the project are called? */
  channels?: boolean | undefined;
}

/** Asks the server which budgets apply. Undefined: it gave no answer that could be used. */
export type ResolveBudgets = (asked: AskedBudgets) => Promise<Resolution | undefined>;

interface ResolveOptions {
  /** Undefined while its address is not known. */
  findServer: () => string | undefined;
  headers: Readonly<Record<string, string>>;
  /** An answer that is none, such as an error of the server. */
  onRefused: (message: string) => void;
}

export function askServer({ findServer, headers, onRefused }: ResolveOptions): ResolveBudgets {
  return async ({ project, calls = [], ...asked }) => {
    const serverUrl = findServer();
    if (serverUrl === undefined) return undefined;
    try {
      const response = await fetch(`${serverUrl}/api/budgets/resolve?${new URLSearchParams({ project }).toString()}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ ...asked, calls }),
        redirect: 'error', // the headers are for the server alone
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await response.text();
      if (!response.ok) onRefused(`budgets were not resolved: HTTP ${response.status} ${text.slice(0, 300)}`);
      return response.ok ? readReply(JSON.parse(text)) : undefined;
    } catch (error) {
      if (error instanceof z.ZodError) onRefused(`budgets were not resolved: ${z.prettifyError(error).slice(0, 300)}`);
      return undefined;
    }
  };
}

function readReply(body: unknown): Resolution {
  const { accounts, ...read } = reply.parse(body);
  return { ...read, accounts: accounts.map((one) => ({ ...one, asOfMs: read.nowMs })) };
}
