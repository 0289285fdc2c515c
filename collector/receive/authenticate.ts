import { isSecretOf, readCredential } from './credentials.ts';
import type { Identified, KeyRing } from './key-ring.ts';
import type { KeyMeter } from './key-meter.ts';
import { projectRule, readProject } from './project.ts';
import type { Refusal } from './reply.ts';
import { everyProject, type SenderKey } from './sender-key.ts';

/** The headers of HTTP, or the metadata of gRPC, that say who sends; each as often as it was sent. */
export interface Presented {
  authorization: readonly string[];
  apiKey: readonly string[];
  /** What the installation's own programs present. */
  internal: readonly string[];
  /** `x-sightglass-project` */
  project: readonly string[];
}

/** Who was let in. */
export interface Entered {
  status: 'entered';
  projectId: string;
  /** Absent: a program of this installation. */
  keyId: string | undefined;
}

export interface GateDeps {
  keyRing: Pick<KeyRing, 'identify'>;
  meter: Pick<KeyMeter, 'findExcess' | 'note'>;
  /** SHA-256 of what the installation's own programs present, hex. */
  internalHash: string;
}

/** For a sender whose key cannot be checked now. */
const uncheckedRetryMs = 2_000;
const forms = 'Authorization: Bearer KEY, Authorization: Basic with KEY-ID:SECRET, or x-api-key: KEY';

/** With SIGHTGLASS_AUTH=on: decides by its key whether a request may come in, before its body is read. */
export class Gate {
  readonly #deps: GateDeps;

  constructor(deps: GateDeps) {
    this.#deps = deps;
  }

  /** `ingest`: spans and log records. `metrics`: the collector's own numbers, which are of all projects. */
  async enter(presented: Presented, purpose: 'ingest' | 'metrics'): Promise<Entered | Refusal> {
    const project = readOne(presented.project);
    if (project === 'several') return { status: 400, message: 'x-sightglass-project was sent more than once' };
    const named = project === undefined ? undefined : readProject(project);
    if (project !== undefined && named === undefined) return { status: 400, message: projectRule };
    if (presented.internal.length > 0) return this.#enterInternal(presented.internal, named);
    const identified = await this.#identify(presented);
    if (identified.status !== 'inForce') return refusalOf(identified);
    const { key } = identified;
    const refusal = purpose === 'ingest' ? this.#checkSender(key, named) : checkReader(key);
    if (refusal !== undefined) return refusal;
    this.#deps.meter.note(key.keyId);
    const projectId = key.projectId === everyProject ? (named ?? 'default') : key.projectId;
    return { status: 'entered', projectId, keyId: key.keyId };
  }

  #enterInternal(internal: readonly string[], named = 'default'): Entered | Refusal {
    const secret = readOne(internal) ?? '';
    if (!isSecretOf({ hash: this.#deps.internalHash }, secret)) return refusalOf({ status: 'unknown' });
    return { status: 'entered', projectId: named, keyId: undefined };
  }

  async #identify({ authorization, apiKey }: Presented): Promise<Identified> {
    const [one, other] = [readOne(authorization), readOne(apiKey)];
    if (one === 'several' || other === 'several') return { status: 'unknown' };
    const credential = readCredential({ authorization: one, apiKey: other });
    return credential.status === 'key' ? this.#deps.keyRing.identify(credential.credential) : { status: 'unknown' };
  }

  #checkSender(key: SenderKey, named: string | undefined): Refusal | undefined {
    if (!key.scopes.includes('ingest')) {
      return { status: 403, message: `this needs a key with scope ingest; yours has ${key.scopes.join(', ')}` };
    }
    if (named !== undefined && key.projectId !== everyProject && key.projectId !== named) {
      const message = `this key is of project ${key.projectId}, not of the one that x-sightglass-project names`;
      return { status: 403, message };
    }
    return this.#deps.meter.findExcess(key);
  }
}

function checkReader({ scopes, projectId }: SenderKey): Refusal | undefined {
  if (scopes.includes('read') && projectId === everyProject) return undefined;
  const message = `this needs a key with scope read, made with --project '${everyProject}': the numbers are of all projects`;
  return { status: 403, message };
}

function refusalOf(identified: Exclude<Identified, { status: 'inForce' }>): Refusal {
  switch (identified.status) {
    case 'expired':
      return { status: 401, message: `the key ${identified.keyId} has expired` };
    case 'revoked':
      return { status: 401, message: `the key ${identified.keyId} was revoked` };
    case 'unknown':
      return { status: 401, message: `this needs a valid key: ${forms}` };
    case 'unavailable':
      return {
        status: 503,
        message: 'ClickHouse does not answer, so this key cannot be checked; try again',
        retryAfterMs: uncheckedRetryMs,
      };
  }
}

/** What was sent twice says nothing, unless it said the same. */
function readOne(values: readonly string[]): string | undefined {
  const different = new Set(values);
  return different.size > 1 ? 'several' : values[0];
}
