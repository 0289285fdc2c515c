import type { LoadedAgent } from '../definition/read-definition.ts';
import { parseSource } from '../definition/read-definition.ts';
import type { ModelAdapters } from '../models/adapters.ts';
import { callModels, type ChainModel } from '../models/call-models.ts';
import type { ToolSpec } from '../models/model.ts';
import type { SessionStore } from '../sessions/store.ts';
import type { ToolBox } from '../tools/tool.ts';
import type { RunnableAgent } from './agent.ts';

type Definition = LoadedAgent['definition'];

export interface AgentPoolParts {
  store: SessionStore;
  adapters: ModelAdapters;
  openTools: (definition: Definition) => ToolBox;
}

/** Revisions that are ready to run at a time; the one not used for longest is closed. */
const openMax = 200;

/** Revisions as they are run: each is read once, its models and tools are shared by all of its sessions. */
export class AgentPool {
  readonly #parts: AgentPoolParts;
  readonly #definitions = new Map<string, Promise<Definition>>();
  readonly #open = new Map<string, Promise<RunnableAgent>>();

  constructor(parts: AgentPoolParts) {
    this.#parts = parts;
  }

  /** What a revision declares. Throws where it is not registered, or was written for another release. */
  async describe(revision: string): Promise<Definition> {
    return remember(this.#definitions, revision, async () => {
      const found = await this.#parts.store.findRevision(revision);
      if (found === undefined) throw new Error(`revision ${revision} is not registered`);
      return parseSource(found.definition);
    });
  }

  /** A revision with its models and tools. Throws like `describe`. */
  async open(revision: string): Promise<RunnableAgent> {
    const agent = await remember(this.#open, revision, async () => {
      const definition = await this.describe(revision);
      const chain = this.#parts.adapters.chainOf(definition.model);
      return {
        revision,
        definition,
        ask: (request, options) => callModels(chain, request, options),
        ...rememberTools(this.#parts.openTools(definition)),
      };
    });
    await this.#closeOldest();
    return agent;
  }

  /** A model by its name alone. Throws a ModelAccessFault. */
  chainOfName(name: string): ChainModel[] {
    return this.#parts.adapters.chainOfName(name);
  }

  /** Ends connections and processes of tools. */
  async close(): Promise<void> {
    const open = await Promise.allSettled([...this.#open.values()]);
    this.#open.clear();
    await Promise.allSettled(open.flatMap((one) => (one.status === 'fulfilled' ? [one.value.toolBox.close()] : [])));
  }

  async #closeOldest(): Promise<void> {
    const [oldest] = this.#open.keys();
    if (this.#open.size <= openMax || oldest === undefined) return;
    const closing = this.#open.get(oldest);
    this.#open.delete(oldest);
    await (await closing)?.toolBox.close();
  }
}

/** One that failed is made anew when it is asked for again; the one asked for last stands last. */
async function remember<Value>(
  known: Map<string, Promise<Value>>,
  key: string,
  make: () => Promise<Value>,
): Promise<Value> {
  const value = known.get(key) ?? make();
  known.delete(key);
  known.set(key, value);
  try {
    return await value;
  } catch (error) {
    if (known.get(key) === value) known.delete(key);
    throw error;
  }
}

/** What tools said of themselves stays known while their servers are away. */
function rememberTools(toolBox: ToolBox): Pick<RunnableAgent, 'toolBox' | 'knownTools'> {
  const knownTools = new Map<string, ToolSpec>();
  return {
    knownTools,
    toolBox: {
      ...toolBox,
      open: async (signal) => {
        const opened = await toolBox.open(signal);
        for (const { spec } of opened.tools) knownTools.set(spec.name, spec);
        return opened;
      },
    },
  };
}
