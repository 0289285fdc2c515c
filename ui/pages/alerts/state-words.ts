import type { AlertSeverity, AlertState, AlertStateName, AlertStatesReply } from '../../api/alerts.ts';
import { formatWidth } from '../../components/time.ts';

export type StateTone = 'danger' | 'warning' | 'ok' | 'plain' | 'accent';

/** How urgent a state is, the most urgent one first: what fires critically, then warnings, then what may come. */
const urgency = ['firing critical', 'firing warning', 'pending', 'no_data', 'resolved', 'ok'] as const;
export type Urgency = (typeof urgency)[number];

/** States that belong together, under one heading. */
export interface StateSection {
  urgency: Urgency;
  heading: string;
  states: readonly AlertState[];
}

/** A look every 30 s at what is verified half a minute behind: twice that is still in time. */
const lateMs = 150_000;

const headings: Readonly<Record<Urgency, string>> = {
  'firing critical': 'Critical',
  'firing warning': 'Warning',
  pending: 'Pending: over a limit, not long enough yet',
  no_data: 'No data',
  resolved: 'Resolved',
  ok: 'Fine',
};

/** By urgency, the longest first; sections without a state are left out. */
export function sectionStates(states: readonly AlertState[]): StateSection[] {
  return urgency.flatMap((one) => {
    const own = states
      .filter((state) => urgencyOf(state) === one)
      .toSorted((a, b) => a.sinceMs - b.sinceMs || compareGroups(a.group, b.group));
    return own.length === 0 ? [] : [{ urgency: one, heading: headings[one], states: own }];
  });
}

/** `2 critical, 1 warning`; null where nothing fires. */
export function countFiring(states: readonly AlertState[]): string | null {
  const of = (one: Urgency) => states.filter((state) => urgencyOf(state) === one).length;
  const [critical, warning] = [of('firing critical'), of('firing warning')];
  if (critical + warning === 0) return null;
  return [
    ...(critical > 0 ? [`${critical} critical`] : []),
    ...(warning > 0 ? [`${warning} ${warning === 1 ? 'warning' : 'warnings'}`] : []),
  ].join(', ');
}

/** Why what is shown may not be what is: rules that could not be read, windows that end in the past. Empty as a rule. */
export function describeLateness(
  { rules, evaluationLagMs }: Pick<AlertStatesReply, 'rules' | 'evaluationLagMs'>,
  nameOf: (ruleId: string) => string,
): string[] {
  const failures = rules.flatMap(({ ruleId, failure }) =>
    failure === null ? [] : [`${nameOf(ruleId)} could not be read, what it said before is shown: ${failure}`],
  );
  if (evaluationLagMs === null || evaluationLagMs < lateMs) return failures;
  const age = formatWidth(Math.round(evaluationLagMs / 60_000) * 60_000);
  return [
    `What is here is of ${age} ago: spans are booked, or rules looked at, later than they should be.`,
    ...failures,
  ];
}

/** The colour and the words of a state. */
export function nameState(state: AlertStateName, severity: AlertSeverity | null): { text: string; tone: StateTone } {
  if (state === 'firing') {
    return severity === 'critical' ? { text: 'critical', tone: 'danger' } : { text: 'warning', tone: 'warning' };
  }
  const words = {
    ok: { text: 'fine', tone: 'ok' },
    pending: { text: 'pending', tone: 'accent' },
    resolved: { text: 'resolved', tone: 'ok' },
    no_data: { text: 'no data', tone: 'plain' },
  } as const;
  return words[state];
}

/** Value of the way to the limit, for a bar: 1 at the limit, at most 2. Null without one of them, or where less is worse. */
export function shareOfLimit(value: number | null, limit: number | null, operator: '>' | '<'): number | null {
  if (value === null || limit === null || limit <= 0 || operator === '<') return null;
  return Math.min(2, Math.max(0, value / limit));
}

/** Rules of which every group is silenced. */
export function listSilenced(states: readonly AlertState[], nowMs: number): ReadonlySet<string> {
  const loud = states.filter(({ silencedUntilMs }) => (silencedUntilMs ?? 0) <= nowMs).map(({ ruleId }) => ruleId);
  return new Set(states.map(({ ruleId }) => ruleId)).difference(new Set(loud));
}

/** Everything for one rule and group: what is listed, acknowledged, silenced. */
export function keyOfState({ ruleId, group }: Pick<AlertState, 'ruleId' | 'group'>): string {
  return JSON.stringify([ruleId, group]);
}

function urgencyOf({ state, severity }: AlertState): Urgency {
  return state === 'firing' ? (severity === 'critical' ? 'firing critical' : 'firing warning') : state;
}

function compareGroups(a: string | null, b: string | null): number {
  const [one, two] = [a ?? '', b ?? ''];
  return one < two ? -1 : one > two ? 1 : 0;
}
