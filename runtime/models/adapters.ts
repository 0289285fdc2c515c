import { model as modelSchema, type Model, nativeProviders } from '../definition/schema.ts';
import { resolveReferences } from '../definition/secrets.ts';
import { anthropicAdapter } from './anthropic.ts';
import type { ChainModel } from './call-models.ts';
import { keepAliveFetch } from './http-fetch.ts';
import type { ModelAdapter } from './model.ts';
import { openaiAdapter } from './openai.ts';
import { simulatedPrice, toPrice } from './own-price.ts';
import { simulatedAdapter } from './simulated.ts';

/** Where each provider's address and key are, if its definition names neither. */
const providers: Readonly<Record<string, { urlVariable: string; keyVariable: string; baseUrl?: string }>> = {
  openai: { urlVariable: 'OPENAI_BASE_URL', keyVariable: 'OPENAI_API_KEY' },
  anthropic: { urlVariable: 'ANTHROPIC_BASE_URL', keyVariable: 'ANTHROPIC_API_KEY' },
  gemini: {
    urlVariable: 'GEMINI_BASE_URL',
    keyVariable: 'GEMINI_API_KEY',
    // Google's own door for this protocol.
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
  },
};

/** A model's name that says nothing of how to reach it; the message says what is allowed. */
export class UnknownProvider extends Error {
  override readonly name = 'UnknownProvider';
}

/** A model that cannot be reached as it is configured; the message says why. */
export class ModelAccessFault extends Error {
  override readonly name = 'ModelAccessFault';
}

/** How to speak with every model of every definition. Clients and their connections are shared, one for each server and key. */
export class ModelAdapters {
  readonly #env: NodeJS.ProcessEnv;
  readonly #fetch: typeof fetch;
  readonly #adapters = new Map<string, ModelAdapter>();

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
    this.#fetch = keepAliveFetch(env);
  }

  /** The chain of a definition, in its order. Throws a ModelAccessFault. */
  chainOf(models: readonly Model[]): ChainModel[] {
    return models.map((settings) => {
      const [provider, model] = splitModel(settings.model);
      const isSimulated = provider === 'simulated';
      return {
        ...{ provider, model, settings, adapter: this.#adapterOf(provider, settings) },
        reportedPrice: isSimulated ? simulatedPrice(model, settings.simulate) : undefined,
        declaredPrice: settings.price && toPrice(settings.price),
      };
    });
  }

  /** A model by its name alone, as a gateway is asked for it. Throws UnknownProvider or a ModelAccessFault. */
  chainOfName(name: string): ChainModel[] {
    const parsed = modelSchema.safeParse(name);
    const [provider] = splitModel(name);
    if (!parsed.success || !(nativeProviders as readonly string[]).includes(provider)) {
      throw new UnknownProvider(`model ${name} is not known, allowed: MODEL of ${nativeProviders.join(', ')}`);
    }
    return this.chainOf([parsed.data]);
  }

  #adapterOf(provider: string, settings: Model): ModelAdapter {
    const access = this.#accessOf(provider, settings);
    const simulate = provider === 'simulated' ? settings.simulate : undefined;
    const key = JSON.stringify([provider, access.baseUrl, access.apiKey, simulate]);
    const known = this.#adapters.get(key);
    if (known !== undefined) return known;
    const made = this.#make(provider, access, simulate);
    this.#adapters.set(key, made);
    return made;
  }

  #accessOf(provider: string, { baseUrl, apiKey }: Model): { baseUrl: string | undefined; apiKey: string | undefined } {
    const known = providers[provider];
    const named = baseUrl === undefined ? undefined : toValue(resolveReferences(baseUrl, this.#env));
    const ownKey = apiKey === undefined ? undefined : toValue(resolveReferences(apiKey, this.#env));
    return {
      baseUrl: named ?? this.#read(known?.urlVariable) ?? known?.baseUrl,
      apiKey: apiKey === undefined ? this.#read(known?.keyVariable) : ownKey,
    };
  }

  #make(
    provider: string,
    access: { baseUrl: string | undefined; apiKey: string | undefined },
    simulate: Model['simulate'],
  ): ModelAdapter {
    if (provider === 'simulated') return simulatedAdapter({ simulate });
    // Its value may be a secret.
    if (access.baseUrl !== undefined && !isWebAddress(access.baseUrl)) {
      throw new ModelAccessFault(`the baseUrl of ${provider} is no http or https address`);
    }
    if (access.baseUrl === undefined && providers[provider] === undefined) {
      throw new ModelAccessFault(`${provider} needs a baseUrl, allowed without one: ${nativeProviders.join(', ')}`);
    }
    const base = { provider, ...access, fetch: this.#fetch };
    if (provider === 'anthropic') return anthropicAdapter(base);
    if (provider !== 'openai') return openaiAdapter(base);
    const account = { organization: this.#read('OPENAI_ORG_ID'), project: this.#read('OPENAI_PROJECT_ID') };
    return openaiAdapter({ ...base, ...account });
  }

  #read(variable: string | undefined): string | undefined {
    return variable === undefined ? undefined : toValue(this.#env[variable] ?? '');
  }
}

/** `openai/gpt-5-mini`; a model's own name may have slashes. */
function splitModel(name: string): [string, string] {
  const slash = name.indexOf('/');
  return [name.slice(0, slash), name.slice(slash + 1)];
}

/** An empty variable counts as absent. Blanks around it come from files. */
function toValue(text: string): string | undefined {
  return text.trim() === '' ? undefined : text.trim();
}

function isWebAddress(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}
