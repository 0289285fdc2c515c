export type LoadProfile = 'lean' | 'chat' | 'mixed' | 'agent';
export const loadProfiles: LoadProfile[] = ['lean', 'chat', 'mixed', 'agent'];

/** The same options give the same ids, structure and sums; with `start`, the same times too. */
export interface LoadOptions {
  spans: number;
  /** Spans a request; an agent run is one request, whatever stands here. */
  batch: number;
  /**
   * lean: about 600 B a span. chat: about 4 KB of messages a span. mixed: three of eight spans carry
   * 1–4 KB. agent: `steps` model calls, each followed by a tool call and resending its whole history.
   */
  profile: LoadProfile;
  steps: number;
  projects: number;
  sessions: number;
  users: number;
  agents: number;
  models: number;
  errorRate: number;
  /** Start times spread over the last so many days; 0: now. */
  days: number;
  /** Unix milliseconds of the newest span; 0: when it is made. */
  start: number;
  seed: number;
  templates: number;
}

export const loadDefaults: LoadOptions = {
  spans: 100_000,
  batch: 512,
  profile: 'lean',
  steps: 50,
  projects: 4,
  sessions: 20_000,
  users: 2000,
  agents: 20,
  models: 10,
  errorRate: 0.03,
  days: 0,
  start: 0,
  seed: 1,
  templates: 16,
};

export interface PlannedAgent {
  name: string;
  project: number;
  service: string;
  version: string;
  system: string;
}

export type StepKind = 'agent' | 'chat' | 'tool' | 'embeddings' | 'retrieval' | 'chain';

/** One span in the abstract: times are nanoseconds since the trace's start, `parent` is a step's number. */
export interface PlannedStep {
  i: number;
  kind: StepKind;
  model: { name: string; provider: string };
  parent: number;
  start: number;
  end: number;
  error: boolean;
  tokensIn: number;
  tokensOut: number;
  cached: number;
  inputMessages?: string;
  outputMessages?: string;
}

export interface PlannedTrace {
  steps: PlannedStep[];
}

/** What planning a trace draws from; the order of draws is part of the result. */
export interface Make {
  options: LoadOptions;
  random: () => number;
  text: (length: number) => string;
  pickModel: () => PlannedStep['model'];
}

const toolNames = [
  'search_web',
  'read_file',
  'run_sql',
  'send_email',
  'get_weather',
  'book_meeting',
  'create_ticket',
  'lookup_order',
];

/** The tool of a step, round robin. */
export function toolName(index: number): string {
  return toolNames[index % toolNames.length] ?? '';
}

/** Zeros in front, as in `agent-07`. */
export function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

/** A message with one text part, as the GenAI conventions write it. */
export function message(role: string, content: string) {
  return { role, parts: [{ type: 'text', content }] as unknown[] };
}
