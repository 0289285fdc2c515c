import { splitResource } from '../map/span.ts';
import { text } from '../map/value.ts';
import type { ByteRange } from './scan-frame.ts';
import type { Attributes, OtlpScope } from './otlp.ts';
import { decodeResource, decodeScope } from './protobuf.ts';

/** What the spans of a resource have from it. */
export interface KnownResource {
  attributes: Attributes;
  serviceName: string;
  environment: string | undefined;
  strings: ReadonlyMap<string, string>;
  others: ReadonlyMap<string, string>;
}

export interface KnownScope {
  scope: OtlpScope;
  /** Never given to another one. */
  id: number;
}

/** Of each kind; beyond, all are forgotten. */
const knownMax = 1_024;
/** Larger ones are decoded each time. */
const knownBytesMax = 16 * 1024;

/** Resources and scopes by their bytes: senders repeat theirs with every request. */
export class KnownResources {
  readonly #resources = new Map<string, KnownResource>();
  readonly #scopes = new Map<string, KnownScope>();
  #scopeCount = 0;

  /** @throws an Error where it is not readable */
  resource(body: Buffer, range: ByteRange): KnownResource {
    return recall(this.#resources, body, range, (bytes) => {
      const attributes = decodeResource(bytes);
      const { strings, others } = splitResource(attributes);
      return {
        attributes,
        serviceName: text(attributes.get('service.name')) ?? '',
        environment:
          text(attributes.get('deployment.environment.name')) ?? text(attributes.get('deployment.environment')),
        strings,
        others,
      };
    });
  }

  /** @throws an Error where it is not readable */
  scope(body: Buffer, range: ByteRange): KnownScope {
    return recall(this.#scopes, body, range, (bytes) => ({ scope: decodeScope(bytes), id: (this.#scopeCount += 1) }));
  }
}

function recall<Known>(
  known: Map<string, Known>,
  body: Buffer,
  [at, end]: ByteRange,
  decode: (bytes: Buffer) => Known,
): Known {
  if (end - at > knownBytesMax) return decode(body.subarray(at, end));
  const key = body.toString('latin1', at, end);
  const found = known.get(key);
  if (found !== undefined) return found;
  // What is decoded may hold on to its bytes, and is kept longer than the body.
  const decoded = decode(Buffer.from(body.subarray(at, end)));
  if (known.size >= knownMax) known.clear();
  known.set(key, decoded);
  return decoded;
}
