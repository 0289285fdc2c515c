import type { SpanKind, SpanSkeleton, Usage } from '../api/types.ts';
import { formatCount, formatTokens } from '../components/format.ts';
import { type Fact, describeCounting, describeSpanCost } from './counting-words.ts';
import { mark } from './span-tree.ts';

const markWords: readonly { bit: number; short: string; long: string }[] = [
  {
    bit: mark.orphan,
    short: 'parent not received',
    long: 'This span names a parent that is not among the received spans, so it stands at the top. The parent may still be running, was sampled away, or went to another backend.',
  },
  {
    bit: mark.cycle,
    short: 'parents form a loop',
    long: 'This span is its own ancestor. The loop is cut here so that all of it can be shown.',
  },
  {
    bit: mark.noEnd,
    short: 'not ended',
    long: 'This span was sent without an end time.',
  },
  {
    bit: mark.negative,
    short: 'ends before it starts',
    long: 'The end time lies before the start time. It is drawn at its start.',
  },
  {
    bit: mark.startsBeforeParent,
    short: 'starts before its parent',
    long: 'Either two clocks differ or the parent was set afterwards. Times are shown as sent.',
  },
  {
    bit: mark.endsAfterParent,
    short: 'ends after its parent',
    long: 'The parent did not wait for it, or two clocks differ. Times are shown as sent.',
  },
];

/** The marks that a row itself must say; the others are told in the detail only. */
const rowMarks = mark.orphan | mark.cycle | mark.noEnd | mark.negative;

/** What is odd about a span, in words. */
export function describeMarks(marks: number): { short: string; long: string }[] {
  return markWords.filter(({ bit }) => (marks & bit) !== 0);
}

/** `1.10 k → 84 tok`; undefined where nothing is known. */
export function describeTokens(usage: Usage | null): string | undefined {
  if (usage === null || (usage.inputTokens === 0 && usage.outputTokens === 0)) return undefined;
  return `${formatCount(usage.inputTokens)} → ${formatTokens(usage.outputTokens)}`;
}

/** The model that answered, else the one that was asked. */
export function modelOf(span: SpanSkeleton): string | null {
  return span.responseModel ?? span.requestModel;
}

/** What a row says beside the name, most telling first; what the name already says is left out. */
export function listRowFacts(span: SpanSkeleton, marks: number): Fact[] {
  const facts: Fact[] = [];
  if (span.status === 'error') facts.push({ text: span.errorType ?? 'error', tone: 'danger' });
  for (const { short, long } of describeMarks(marks & rowMarks))
    facts.push({ text: short, title: long, tone: 'warning' });
  facts.push(...listUsageFacts(span));
  const say = (text: string | null, kinds: readonly SpanKind[]) => {
    if (text !== null && kinds.includes(span.kind) && !span.name.includes(text)) facts.push({ text });
  };
  say(span.toolName, ['tool']);
  say(span.agentName, ['agent']);
  // A name like `chat gpt-4o` says enough; the dated name of the answer is in the detail.
  if (span.requestModel === null || !span.name.includes(span.requestModel)) say(modelOf(span), ['llm', 'embedding']);
  return facts;
}

/** Tokens, cost where it counts, and a tag where it does not. */
function listUsageFacts(span: SpanSkeleton): Fact[] {
  if (span.usage === null) return [];
  const tokens = describeTokens(span.usage);
  const { state, short, long } = describeCounting(span);
  const title = (span.countedInstead ?? null) === null ? long : `${long} another span, which is counted instead.`;
  const isSum = span.usageScope === 'aggregate';
  const facts: Fact[] = [];
  if (tokens !== undefined) {
    const text = isSum ? `Σ ${tokens}` : tokens;
    facts.push(state === 'left out' ? { text, title, tone: 'muted' } : { text });
  }
  if (state === 'counted') {
    const cost = describeSpanCost(span);
    if (span.cost.usd === null) facts.push({ ...cost, text: 'no price', tone: 'tag' });
    else if (span.cost.usd !== '0') facts.push({ ...cost, tone: 'amount' });
    if (span.costStatus === 'reported') facts.push({ ...cost, text: 'reported', tone: 'tag' });
    if (isSum) facts.push({ text: short, title, tone: 'tag' });
  } else if (!(isSum && state === 'left out')) facts.push({ text: short, title, tone: 'tag' });
  return facts;
}

/** A moment on the ruler: `0`, `500 ms`, `1.5 s`, `2 min 30 s`, in the unit that the step between ticks needs. */
export function formatTick(ms: number, stepMs: number): string {
  if (ms === 0) return '0';
  if (Math.abs(ms) >= 60_000 && stepMs >= 1_000) {
    const seconds = Math.round(ms / 1_000);
    const hours = Math.floor(seconds / 3_600);
    const minutes = Math.floor((seconds % 3_600) / 60);
    const rest = seconds % 60;
    return [hours > 0 && `${hours} h`, minutes > 0 && `${minutes} min`, rest > 0 && `${rest} s`]
      .filter(Boolean)
      .join(' ');
  }
  if (Math.abs(ms) >= 1_000) return `${trim(ms / 1_000, stepMs / 1_000)} s`;
  if (Math.abs(ms) >= 1) return `${trim(ms, stepMs)} ms`;
  if (Math.abs(ms) >= 0.001) return `${trim(ms * 1_000, stepMs * 1_000)} µs`;
  return `${trim(ms * 1e6, stepMs * 1e6)} ns`;
}

function trim(value: number, step: number): string {
  const decimals = Math.min(9, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
  return String(Number(value.toFixed(decimals)));
}
