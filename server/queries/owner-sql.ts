import { type OwnerMatcher, sortOwnerRules } from '../domain/owners/owner-rule.ts';
import type { QueryParameters } from './db.ts';

/** Where the values stand that rules look at: columns of the ledger, or of a query over it that has grouped by them. */
export interface OwnerSources {
  agent: string;
  user: string;
  /** The UTC day of the start, as a `Date`. */
  day: string;
  /** The value of the label whose key is bound as `ownerLabelKey{place}`; `''` without one. */
  label: (place: number) => string;
}

export interface OwnerColumns {
  /** `''`: nobody owns it. */
  costCentre: string;
  team: string;
  /** To be bound wherever one of the two is used. */
  params: QueryParameters;
}

const ledgerSources: OwnerSources = {
  agent: 'agent_name',
  user: 'user_id',
  day: 'toDate(start_time)',
  label: (place) => `labels[{ownerLabelKey${place}:String}]`,
};

/**
 * Who pays for a row, as SQL expressions over the ledger's columns: the same as `findOwner`. Expressions of all rules: some
 * 150 bytes for each.
 */
export function ownerColumns(rules: readonly OwnerMatcher[], sources: OwnerSources = ledgerSources): OwnerColumns {
  const sorted = sortOwnerRules(rules);
  const keys = ownerLabelKeys(sorted);
  const conditions = sorted.map((rule, i) => conditionOf(rule, { i, keys, sources }));
  const choose = (names: string) =>
    sorted.length === 0
      ? "''"
      : `multiIf(${conditions.map((sql, i) => `${sql}, {${names}:Array(String)}[${i + 1}]`).join(', ')}, '')`;
  return {
    costCentre: choose('ownerCostCentres'),
    team: choose('ownerTeams'),
    params: {
      ...ownerLabelParams(keys),
      ownerCostCentres: sorted.map(({ costCentre }) => costCentre),
      ownerTeams: sorted.map(({ team }) => team),
      ownerFrom: sorted.map(({ validFrom }) => dayNumber(validFrom)),
      ownerTo: sorted.map(({ validTo }) => (validTo === null ? lastDay : dayNumber(validTo))),
      ...Object.fromEntries(sorted.flatMap((rule, i) => patternEntries(rule, i))),
    },
  };
}

/** The keys of the labels that rules look at, each once; their places are those of `OwnerSources.label`. */
export function ownerLabelKeys(rules: readonly Pick<OwnerMatcher, 'match'>[]): string[] {
  return [...new Set(rules.flatMap(({ match }) => (match.label === undefined ? [] : [match.label.key])))].toSorted();
}

function ownerLabelParams(keys: readonly string[]): QueryParameters {
  return Object.fromEntries(keys.map((key, place) => [`ownerLabelKey${place}`, key]));
}

/** The last one of a ClickHouse `Date`. */
const lastDay = 65_535;

function conditionOf(
  { match: { agent, user, label } }: OwnerMatcher,
  { i, keys, sources }: { i: number; keys: readonly string[]; sources: OwnerSources },
): string {
  const from = `${sources.day} >= toDate({ownerFrom:Array(UInt16)}[${i + 1}])`;
  const to = `${sources.day} <= toDate({ownerTo:Array(UInt16)}[${i + 1}])`;
  return [
    ...(agent === undefined ? [] : [patternSql(sources.agent, `ownerAgent${i}`)]),
    ...(user === undefined ? [] : [patternSql(sources.user, `ownerUser${i}`)]),
    ...(label === undefined ? [] : [patternSql(sources.label(keys.indexOf(label.key)), `ownerLabel${i}`)]),
    ...[from, to],
  ].join(' AND ');
}

/** What has no value matches no pattern, not even `*`. */
function patternSql(column: string, parameter: string): string {
  return `${column} != '' AND ${column} LIKE {${parameter}:String}`;
}

function patternEntries({ match: { agent, user, label } }: OwnerMatcher, i: number): [string, string][] {
  return [
    ...(agent === undefined ? [] : [[`ownerAgent${i}`, likePattern(agent)] as [string, string]]),
    ...(user === undefined ? [] : [[`ownerUser${i}`, likePattern(user)] as [string, string]]),
    ...(label === undefined ? [] : [[`ownerLabel${i}`, likePattern(label.pattern)] as [string, string]]),
  ];
}

/** `*` becomes `%`; what LIKE would read stands for itself. */
function likePattern(pattern: string): string {
  return pattern.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%');
}

/** Days since 1970. */
function dayNumber(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) / 86_400_000;
}
