import { nobody, type OwnedCall, type Owner, type OwnerMatcher, sortOwnerRules } from './owner-rule.ts';

/** Who pays for a call: the first rule that matches, else nobody. `ownerColumns` says the same in SQL. */
export function findOwner(rules: readonly OwnerMatcher[], call: OwnedCall): Owner {
  const rule = sortOwnerRules(rules).find((one) => isOwnedBy(one, call));
  return rule === undefined ? nobody : { costCentre: rule.costCentre, team: rule.team };
}

function isOwnedBy({ match, validFrom, validTo }: OwnerMatcher, { agent, user, labels, day }: OwnedCall): boolean {
  if (day < validFrom || (validTo !== null && day > validTo)) return false;
  const { label } = match;
  return (
    (match.agent === undefined || matchesPattern(match.agent, agent)) &&
    (match.user === undefined || matchesPattern(match.user, user)) &&
    (label === undefined || matchesPattern(label.pattern, labels.get(label.key) ?? ''))
  );
}

/** `*` stands for any characters, everything else for itself. What is missing matches nothing. Takes linear time. */
export function matchesPattern(pattern: string, text: string): boolean {
  if (text === '') return false;
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
