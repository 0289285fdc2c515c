import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Turn } from '../../../runtime/sessions/record.ts';
import type { AcceptOptions, Claim, SessionStore } from '../../../runtime/sessions/store.ts';
import {
  makeEnd,
  makeSession,
  makeStep,
  makeTurn,
  queued,
  type StoreGround,
  storeKinds,
} from '../../support/session-stores.ts';

const runs = 100;
const callsPerRun = 100;

/** One call of a store; sessions, turns and claims by their place in what was made before. */
const call = fc.oneof(
  fc.record({ do: fc.constant('create' as const), session: fc.nat(2) }),
  fc.record({
    do: fc.constant('accept' as const),
    session: fc.nat(2),
    onBusy: fc.constantFrom('queue' as const, 'reject' as const, 'interrupt' as const),
    queueLimit: fc.nat(3),
    key: fc.option(fc.nat(2)),
    content: fc.nat(1),
    afterTurn: fc.option(fc.nat(6), { nil: undefined }),
  }),
  fc.record({ do: fc.constant('again' as const), turn: fc.nat(30) }),
  fc.record({ do: fc.constant('claim' as const), session: fc.nat(2), owner: fc.constantFrom('one', 'two') }),
  fc.record({ do: fc.constant('renew' as const), claim: fc.nat(8) }),
  fc.record({
    do: fc.constant('append' as const),
    claim: fc.nat(8),
    count: fc.nat(2),
    back: fc.integer({ min: -1, max: 2 }),
  }),
  fc.record({ do: fc.constant('finish' as const), claim: fc.nat(8) }),
  fc.record({ do: fc.constant('release' as const), claim: fc.nat(8) }),
  fc.record({ do: fc.constant('cancel' as const), session: fc.nat(2), turn: fc.option(fc.nat(30)) }),
  fc.record({ do: fc.constant('delete' as const), session: fc.nat(40) }),
  fc.record({ do: fc.constant('export' as const), count: fc.nat(2) }),
);
type Call = typeof call extends fc.Arbitrary<infer One> ? One : never;

/** A store with what was done in it so far. */
class Ledger {
  readonly #store: SessionStore;
  readonly #run: string;
  readonly #turns: { session: number; turn: ReturnType<typeof makeTurn>; options: AcceptOptions }[] = [];
  readonly #claims: { claim: Claim; count: number }[] = [];

  constructor(store: SessionStore, run: number) {
    this.#store = store;
    this.#run = `run ${run}`;
  }

  /** What the store answered, without times, ids of claims and words. */
  async make(one: Call): Promise<unknown> {
    try {
      return tellTurn(await this.#make(one));
    } catch (error) {
      return (error as Error).name;
    }
  }

  async state(): Promise<unknown> {
    const sessions = await Promise.all(
      [0, 1, 2].map(async (session) => [
        (await this.#store.findSession(this.#id(session)))?.id,
        (await this.#store.listTurns(this.#id(session))).map(tellTurn),
      ]),
    );
    const isOurs = (id: string) => id.startsWith(`${this.#run} `);
    return {
      sessions,
      abandoned: (await this.#store.listAbandoned(10_000)).filter(isOurs).sort(),
      unexported: (await this.#store.listUnexported(10_000)).filter(({ sessionId }) => isOurs(sessionId)),
    };
  }

  #id(session: number): string {
    return `${this.#run} ${session}`;
  }

  async #make(one: Call): Promise<unknown> {
    const store = this.#store;
    switch (one.do) {
      case 'create':
        return store.createSession(makeSession({ id: this.#id(one.session), createdMs: 1, expiresMs: 9e12 }));
      case 'accept':
        return this.#accept(one);
      case 'again': {
        const known = this.#turns[one.turn];
        return known && store.accept(this.#id(known.session), known.turn, known.options);
      }
      case 'claim': {
        const held = await store.claim(this.#id(one.session), { owner: one.owner, leaseMs: 600_000 });
        if (held !== undefined) this.#claims.unshift({ claim: held.claim, count: held.turn.entries.length });
        return held?.turn;
      }
      case 'append':
        return this.#append(one);
      case 'cancel':
        return store.cancel(this.#id(one.session), one.turn === null ? undefined : `turn ${one.turn}`);
      case 'delete':
        return one.session < 3 && store.deleteSession(this.#id(one.session));
      case 'export': {
        const listed = await store.listUnexported(10_000);
        return store.markExported(
          listed.filter(({ sessionId }) => sessionId.startsWith(this.#run)).slice(0, one.count),
        );
      }
      default:
        return this.#hold(one.do, one.claim);
    }
  }

  #accept(one: Extract<Call, { do: 'accept' }>): Promise<unknown> {
    const { session, onBusy, queueLimit, key, content, afterTurn } = one;
    const turn = makeTurn(`content ${content}`, {
      id: `turn ${this.#turns.length}`,
      idempotencyKey: key === null ? null : `key ${key}`,
    });
    const options = { ...queued, onBusy, queueLimit, afterTurn };
    this.#turns.push({ session, turn, options });
    return this.#store.accept(this.#id(session), turn, options);
  }

  async #append({ claim, count, back }: Extract<Call, { do: 'append' }>): Promise<unknown> {
    const held = this.#claims[claim];
    if (held === undefined) return undefined;
    const at = Math.max(0, held.count - back);
    const entries = Array.from({ length: count }, (_, index) => makeStep(at + index));
    const isKept = await this.#store.append(held.claim, entries, at);
    if (isKept) held.count = Math.max(held.count, at + count);
    return isKept;
  }

  async #hold(what: 'renew' | 'finish' | 'release', index: number): Promise<unknown> {
    const held = this.#claims[index];
    if (held === undefined) return undefined;
    if (what === 'renew') return this.#store.renew(held.claim, 600_000);
    if (what === 'finish') return this.#store.finish(held.claim, makeEnd());
    return this.#store.release(held.claim);
  }
}

let grounds: StoreGround[];
let stores: SessionStore[];

beforeAll(async () => {
  grounds = await Promise.all(storeKinds.map(({ start }) => start()));
  stores = await Promise.all(grounds.map((ground) => ground.open()));
});
afterAll(() => Promise.all(grounds.map((ground) => ground.stop())));

test('all stores answer the same to the same calls', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 20, maxLength: callsPerRun, size: 'max' }), async (calls) => {
      run += 1;
      const ledgers = stores.map((store) => new Ledger(store, run));
      for (const one of calls) {
        const [first, ...others] = await Promise.all(ledgers.map((ledger) => ledger.make(one)));
        for (const other of others) expect(other).toEqual(first);
      }
      const [first, ...others] = await Promise.all(ledgers.map((ledger) => ledger.state()));
      for (const other of others) expect(other).toEqual(first);
    }),
    { numRuns: runs },
  );
});

/** Whatever is a turn, or holds one, without what differs from store to store. */
function tellTurn(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('turn' in value) return { ...value, turn: tellTurn(value.turn) };
  if (!('acceptedMs' in value)) return value;
  const { acceptedMs: _, startedMs, end, ...turn } = value as Turn;
  return { ...turn, hasStarted: startedMs !== null, end: end && { ...end, atMs: 0 } };
}
