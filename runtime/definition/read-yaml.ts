import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml';

/** Deeper than any definition; what comes from outside may not decide how deep we recurse. */
const depthMax = 50;

/** The parser recurses, and reports the end of its stack as one more error of the text. */
const stackOverflow = 'Maximum call stack size';

export type Path = readonly (string | number)[];

/** A fault of a file at one line of it. */
export interface Fault {
  file: string;
  line: number;
  text: string;
}

/** What a YAML text says, and where. */
export interface YamlContent {
  content: unknown;
  /** The line of the key or item at a path, or of the nearest one that holds it. */
  lineOf: (path: Path) => number;
}

/** Reads a text of one document. What YAML lets pass and a definition does not want is a fault: aliases, tags, repeated keys. */
export function readYaml(file: string, text: string): YamlContent | { faults: Fault[] } {
  const lines = new LineCounter();
  const faultAt = (offset: number, message: string): Fault => ({
    file,
    line: lines.linePos(offset).line,
    text: message,
  });
  const tooDeep = { faults: [{ file, line: 1, text: `is nested too deeply, allowed: ${depthMax} levels` }] };
  try {
    const documents = parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false,
    });
    const [document, second] = Array.isArray(documents) ? documents : [];
    if (document === undefined) return { faults: [{ file, line: 1, text: 'is empty, allowed: one agent' }] };
    const problems = [...document.errors, ...document.warnings];
    if (problems.some(({ message }) => message.startsWith(stackOverflow))) return tooDeep;
    const faults = problems.map(({ code, message, pos }) => faultAt(pos[0], explain(code, message)));
    if (document.directives.yaml.explicit === true) faults.push(faultAt(0, 'begins with a directive, allowed: none'));
    if (second !== undefined)
      faults.push(faultAt(second.range[0], 'begins a second document, allowed: one agent a file'));
    faults.push(...findUnwanted(document, faultAt));
    if (faults.length > 0) return { faults };
    return {
      content: document.toJS({ maxAliasCount: 0 }) as unknown,
      lineOf: makeLineOf(document, lines),
    };
  } catch (error) {
    if (error instanceof RangeError && error.message.startsWith(stackOverflow)) return tooDeep;
    throw error;
  }
}

const explanations: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'begins with a tab, allowed: spaces',
  NON_STRING_KEY: 'has a key that is no text',
  TAG_RESOLVE_FAILED: 'has a tag, allowed: no tags (!…)',
  MULTIPLE_DOCS: 'begins a second document, allowed: one agent a file',
};

function explain(code: string, message: string): string {
  return explanations[code] ?? `is no YAML: ${message.split('\n')[0] ?? ''}`;
}

function findUnwanted(document: Document, faultAt: (offset: number, message: string) => Fault): Fault[] {
  const faults: Fault[] = [];
  const add = (node: Node, message: string) => faults.push(faultAt(node.range?.[0] ?? 0, message));
  visit(document, (_key, node, path) => {
    if (path.filter((one) => isMap(one) || isSeq(one)).length > depthMax) {
      if (isScalar(node) || isMap(node) || isSeq(node)) add(node, `is nested too deeply, allowed: ${depthMax} levels`);
      return visit.BREAK;
    }
    if (isAlias(node)) add(node, `*${node.source} is an alias, allowed: the value written out`);
    else if (isScalar(node) || isMap(node) || isSeq(node)) {
      if (node.anchor !== undefined) add(node, `&${node.anchor} is an anchor, allowed: the value written out`);
      if (isMap(node))
        for (const key of findRepeated(node))
          add(key, `${String(key.value)} stands here a second time, allowed: each key once`);
      if (node.tag !== undefined) add(node, 'has a tag, allowed: no tags (!…)');
    }
    return undefined;
  });
  return faults;
}

/** The parser's own search compares every key with every other one. */
function findRepeated(map: YAMLMap): Scalar[] {
  const seen = new Set<unknown>();
  return map.items.flatMap(({ key }) => {
    if (!isScalar(key)) return [];
    const isRepeated = seen.has(key.value);
    seen.add(key.value);
    return isRepeated ? [key] : [];
  });
}

/** Maps are indexed once, so that many faults of a large one stay cheap. */
function makeLineOf(document: Document, lines: LineCounter): YamlContent['lineOf'] {
  const indexes = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();
  const indexOf = (map: YAMLMap): ReadonlyMap<string, Pair> => {
    const index = indexes.get(map) ?? new Map(map.items.map((pair) => [keyOf(pair), pair]));
    indexes.set(map, index);
    return index;
  };
  return (path) => {
    let node: unknown = document.contents;
    let offset = isMap(node) || isSeq(node) ? (node.range?.[0] ?? 0) : 0;
    for (const key of path) {
      if (isMap(node)) {
        const pair = indexOf(node).get(String(key));
        if (pair === undefined) break;
        if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
        node = pair.value;
      } else if (isSeq(node)) {
        const item = node.items[Number(key)];
        if (!isScalar(item) && !isMap(item) && !isSeq(item)) break;
        offset = item.range?.[0] ?? offset;
        node = item;
      } else break;
    }
    return lines.linePos(offset).line;
  };
}

function keyOf({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : '';
}
