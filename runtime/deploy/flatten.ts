/** What names an element of a list better than its number. */
const keyNames = ['name', 'id', 'model'] as const;

/** `500`: shown as a duration. */
const durationKeys = /(^|\.)(timeout|ttl|turnTimeout|firstTokenTimeout)$/;
const unitsMs = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** One setting that differs; undefined: it is not set. */
export interface SettingChange {
  /** `limits.maxSteps` */
  path: string;
  before: string | undefined;
  after: string | undefined;
}

/** The settings that differ between two parts of definitions, by path. Lists count as one setting, unless they hold named things. */
export function compareSettings(before: unknown, after: unknown): SettingChange[] {
  const [old, now] = [flatten(before), flatten(after)];
  const paths = [...new Set([...old.keys(), ...now.keys()])];
  return paths
    .map((path) => ({ path, before: old.get(path), after: now.get(path) }))
    .filter((change) => change.before !== change.after);
}

function flatten(value: unknown, path = '', found = new Map<string, string>()): Map<string, string> {
  if (value === undefined) return found;
  if (Array.isArray(value) && value.every(isObject) && value.length > 0) {
    for (const [i, one] of value.entries()) flatten(one, `${path}[${nameElement(value, i)}]`, found);
  } else if (isObject(value)) {
    const entries = Object.entries(value);
    if (entries.length === 0 && path !== '') found.set(path, '{}');
    for (const [key, one] of entries) flatten(one, path === '' ? key : `${path}.${key}`, found);
  } else found.set(path, describeValue(path, value));
  return found;
}

/** By its own name, if no other one of the list has it. */
function nameElement(list: readonly Record<string, unknown>[], index: number): string {
  for (const key of keyNames) {
    const name = list[index]?.[key];
    if (typeof name === 'string' && list.filter((one) => one[key] === name).length === 1) return name;
  }
  return String(index);
}

function describeValue(path: string, value: unknown): string {
  if (typeof value === 'number' && durationKeys.test(path)) return describeDuration(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function describeDuration(ms: number): string {
  const unit = ms === 0 ? undefined : unitsMs.find(([, size]) => ms % size === 0);
  return unit === undefined ? `${ms}ms` : `${ms / unit[1]}${unit[0]}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
