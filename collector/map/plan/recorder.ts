import type { AnyValue, Attributes, OtlpScope, OtlpSpan } from '../../receive/otlp.ts';
import { Source } from '../source.ts';

/** The span cannot be planned: the rules that read it depend on what plans do not look at. */
export class Unplannable extends Error {}

/** What was read of a span: the names of attributes whose values were asked for, and whether its own name was. */
export interface Reads {
  attributes: Set<string>;
  isNameRead: boolean;
}

export function noReads(): Reads {
  return { attributes: new Set(), isNameRead: false };
}

/**
 * A span's attributes that note each value that is asked for. Which attributes there are, and in what order, is no value: it
 * is the same in all spans of a shape.
 */
export class RecordingAttributes extends Map<string, AnyValue> {
  readonly #read: (name: string) => void;

  constructor(attributes: Attributes, read: (name: string) => void) {
    super(attributes);
    this.#read = read;
  }

  override get(name: string): AnyValue | undefined {
    if (this.has(name)) this.#read(name);
    return super.get(name);
  }

  /** The value of an entry is noted when it is looked at. */
  override *[Symbol.iterator](): MapIterator<[string, AnyValue]> {
    for (const name of this.keys()) {
      const entry: [string, AnyValue] = [name, null];
      Object.defineProperty(entry, 1, { get: () => this.get(name) });
      yield entry;
    }
  }

  override entries(): MapIterator<[string, AnyValue]> {
    return this[Symbol.iterator]();
  }

  override *values(): MapIterator<AnyValue> {
    for (const [, value] of this) yield value;
  }

  override forEach(each: (value: AnyValue, name: string, all: Map<string, AnyValue>) => void): void {
    for (const [name, value] of this) each(value, name, this);
  }
}

/**
 * A source whose reads are noted in `reads`. It has no memory of what other rows have read, so that each row's reads are
 * complete.
 */
export function recordingSource(span: OtlpSpan, reads: Reads): Source {
  const attributes = new RecordingAttributes(span.attributes, (name) => reads.attributes.add(name));
  const readName = () => {
    reads.isNameRead = true;
    return span.name;
  };
  return new Source(new PlannedSpan(attributes, span, readName));
}

/**
 * A span as rules may look at it that are planned or follow a plan. What plans know of every span they are for is there: its
 * attributes, scope and status, and that it has no events, no links and no status message. Its name is asked for; reading
 * anything else throws Unplannable.
 */
export class PlannedSpan implements OtlpSpan {
  readonly attributes: Attributes;
  readonly scope: OtlpScope;
  readonly statusCode: number;
  readonly statusMessage = '';
  readonly events = [];
  readonly links = [];
  readonly droppedEventsCount = 0;
  readonly droppedLinksCount = 0;
  readonly #readName: () => string;

  constructor(
    attributes: Attributes,
    { scope, statusCode }: Pick<OtlpSpan, 'scope' | 'statusCode'>,
    readName: () => string,
  ) {
    this.attributes = attributes;
    this.scope = scope;
    this.statusCode = statusCode;
    this.#readName = readName;
  }

  get name(): string {
    return this.#readName();
  }
  get resource(): never {
    return refuse('resource');
  }
  get traceId(): never {
    return refuse('trace id');
  }
  get spanId(): never {
    return refuse('span id');
  }
  get parentSpanId(): never {
    return refuse('parent');
  }
  get traceState(): never {
    return refuse('trace state');
  }
  get flags(): never {
    return refuse('flags');
  }
  get kind(): never {
    return refuse('kind');
  }
  get startTimeUnixNano(): never {
    return refuse('start');
  }
  get endTimeUnixNano(): never {
    return refuse('end');
  }
  get droppedAttributesCount(): never {
    return refuse('dropped attributes');
  }
}

function refuse(what: string): never {
  throw new Unplannable(`a rule reads the span's ${what}`);
}
