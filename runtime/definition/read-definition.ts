import { dirname, join } from 'node:path';
import { checkDefinition, readParts, type ReadableParts } from './check-definition.ts';
import { checkSecrets } from './check-secrets.ts';
import { describePath, readIssues } from './faults.ts';
import { checkInstructions } from './instructions.ts';
import { readIncluded, readText } from './read-text.ts';
import { type Fault, readYaml, type YamlContent } from './read-yaml.ts';
import { hashContent, nameRevision } from './revision.ts';
import { agentSchema, type AgentDefinition } from './schema.ts';

/** An agent as it can be run. */
export interface LoadedAgent {
  /** As the caller named it. */
  file: string;
  /** The instructions are text, whether they stood in the file or beside it. */
  definition: AgentDefinition & { instructions: string };
  /** As declared, references unresolved, with the text of its instructions: what is registered. `parseSource` reads it. */
  source: Readonly<Record<string, unknown>>;
  /** Of the content, 64 hex digits. */
  hash: string;
  /** `NAME@` and the first digits of the hash. */
  revision: string;
}

/** What a file gave: its agent, or else its faults; and for checks across files, what could be read of it anyhow. */
export interface ReadDefinition {
  file: string;
  agent: LoadedAgent | undefined;
  faults: Fault[];
  parts: ReadableParts | undefined;
  lineOf: YamlContent['lineOf'];
}

/** Reads a file with what it includes. `env` is where references must be found; without one they are not looked up. */
export function readDefinition(file: string, env: NodeJS.ProcessEnv | undefined): ReadDefinition {
  const read = readText(file);
  const unread = (faults: Fault[]): ReadDefinition => ({
    file,
    agent: undefined,
    faults,
    parts: undefined,
    lineOf: () => 1,
  });
  if ('fault' in read) return unread([{ file, line: 1, text: read.fault }]);
  const yaml = readYaml(file, read.text);
  if ('faults' in yaml) return unread(yaml.faults);
  const { content, lineOf } = yaml;

  const parsed = agentSchema.safeParse(content);
  const parts = readParts(content);
  const instructions = readInstructions(file, parts);
  const placed = [
    ...readIssues(parsed.error?.issues ?? []),
    ...checkSecrets(withoutInstructions(content), env),
    ...checkDefinition(parts, env),
    ...(instructions.fault === undefined ? [] : [{ path: ['instructions', 'file'], message: instructions.fault }]),
  ];
  const faults = [
    ...placed.map(({ path, message }) => ({ file, line: lineOf(path), text: `${describePath(path)} ${message}` })),
    ...findInstructionFaults(instructions, { file, parts, lineOf }),
  ];
  if (!parsed.success || instructions.text === undefined || faults.length > 0) {
    return { file, agent: undefined, faults, parts, lineOf };
  }
  const source = { ...(content as object), instructions: instructions.text };
  const hash = hashContent(source);
  const definition = { ...parsed.data, instructions: instructions.text };
  const agent = { file, definition, source, hash, revision: nameRevision(definition.name, hash) };
  return { file, agent, faults, parts, lineOf };
}

/** A registered definition. Throws where this release cannot read it any more. */
export function parseSource(source: unknown): LoadedAgent['definition'] {
  const definition = agentSchema.parse(source);
  if (typeof definition.instructions !== 'string') throw new Error('the instructions are not in the definition');
  return { ...definition, instructions: definition.instructions };
}

interface Instructions {
  text?: string;
  /** The file that they stand in, if it is another one. */
  included?: string;
  fault?: string;
}

function readInstructions(file: string, { instructions }: ReadableParts): Instructions {
  if (instructions === undefined) return {};
  if (typeof instructions === 'string') return { text: instructions };
  const read = readIncluded(file, instructions.file);
  if ('fault' in read) return { fault: read.fault };
  const text = read.text.trim();
  if (text === '') return { fault: 'is an empty file' };
  return { text, included: join(dirname(file), instructions.file) };
}

function findInstructionFaults(
  { text, included }: Instructions,
  { file, parts, lineOf }: { file: string; parts: ReadableParts; lineOf: YamlContent['lineOf'] },
): Fault[] {
  // Of variables that cannot be read nobody knows what they declare.
  if (text === undefined || parts.variables === undefined) return [];
  return checkInstructions(text, Object.keys(parts.variables)).map(({ line, message }) =>
    included === undefined
      ? { file, line: lineOf(['instructions']), text: `instructions ${message}` }
      : { file: included, line: line + 1, text: `the instructions of ${file} ${message}` },
  );
}

/** They are checked as text, line by line. */
function withoutInstructions(content: unknown): unknown {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return content;
  return Object.fromEntries(
    Object.entries(content).filter(([key, value]) => key !== 'instructions' || typeof value !== 'string'),
  );
}
