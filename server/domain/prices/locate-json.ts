/** Strings, the signs of the structure, and everything else that stands between them. */
const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

interface Open {
  /** The name or place that the next value has. */
  key: string | number;
  names: Set<string> | undefined;
  awaitsName: boolean;
}

/** Where things stand in a JSON text that has been parsed before. Lines count from 1. */
export interface JsonPlaces {
  /** The line of the value at a path, or of the nearest one that holds it. */
  lineOf: (path: readonly PropertyKey[]) => number;
  /** Names that come twice in one object: parsers take the last and drop the others. */
  repeated: readonly { path: readonly (string | number)[]; line: number }[];
}

export function locateJson(text: string): JsonPlaces {
  const lines = new Map<string, number>();
  const repeated: { path: (string | number)[]; line: number }[] = [];
  const open: Open[] = [];
  let line = 1;
  let read = 0;
  const pathOf = () => open.map(({ key }) => key);
  for (const { 0: sign, index } of text.matchAll(token)) {
    for (; read < index; read += 1) if (text[read] === '\n') line += 1;
    const inside = open.at(-1);
    if (sign === '}' || sign === ']') open.pop();
    else if (sign === ',' && inside !== undefined) {
      if (inside.names === undefined) inside.key = Number(inside.key) + 1;
      else inside.awaitsName = true;
    } else if (sign === ':' || inside?.awaitsName === true) {
      if (sign !== ':' && inside !== undefined) readName(inside, sign);
    } else {
      lines.set(keyOf(pathOf()), line);
      if (sign === '{') open.push({ key: '', names: new Set(), awaitsName: true });
      if (sign === '[') open.push({ key: 0, names: undefined, awaitsName: false });
    }
  }
  return { lineOf: (path) => findLine(lines, path), repeated };

  function readName(inside: Open, sign: string): void {
    inside.key = JSON.parse(sign) as string;
    inside.awaitsName = false;
    if (inside.names?.has(inside.key) === true) repeated.push({ path: pathOf(), line });
    inside.names?.add(inside.key);
  }
}

/** The line where a text stops being the beginning of JSON. Parsers do not always say it. */
export function findBrokenLine(text: string): number {
  let good = 0;
  let bad = text.length;
  while (good < bad) {
    const middle = Math.ceil((good + bad) / 2);
    if (isBeginning(text.slice(0, middle))) good = middle;
    else bad = middle - 1;
  }
  return text.slice(0, good + 1).split('\n').length;
}

/** Half a word, number or escape at the end is not held against it. */
function isBeginning(text: string): boolean {
  const whole = text.replace(/[\w.+\\-]+$/, '');
  try {
    JSON.parse(whole);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const [, position] = /at position (\d+)/.exec(message) ?? [];
    return Number(position) >= whole.length || message.startsWith('Unexpected end');
  }
}

function findLine(lines: ReadonlyMap<string, number>, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const line = lines.get(keyOf(path.slice(0, length)));
    if (line !== undefined) return line;
  }
  return lines.get(keyOf([])) ?? 1;
}

function keyOf(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String));
}
