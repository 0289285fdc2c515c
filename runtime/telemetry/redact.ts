/**
 * Masks what identifies people and what opens doors: mail addresses, phone numbers, payment cards (by their check digit), IBANs
 * (by theirs), US social security numbers, IP addresses, bearer tokens, keys of providers, passwords in addresses. Names and
 * street addresses have no pattern: they stay.
 */
export function redactText(text: string): string {
  let masked = text;
  for (const { pattern, mask, holds } of patterns) {
    masked = masked.replaceAll(pattern, (found: string) => (holds === undefined || holds(found) ? mask : found));
  }
  return masked;
}

/** The same in every text, name and number of a JSON value. */
export function redactJson(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'number') {
    const digits = String(value);
    const masked = redactText(digits);
    return masked === digits ? value : masked;
  }
  if (Array.isArray(value)) return value.map(redactJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [redactText(key), redactJson(one)]));
}

interface Pattern {
  pattern: RegExp;
  mask: string;
  /** Whether what was found is one in fact. */
  holds?: (found: string) => boolean;
}

// Every repetition is bounded: time grows with the length of the text only. Secrets come first, as they may look like the others.
const patterns: readonly Pattern[] = [
  {
    pattern: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,20000}?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g,
    mask: '[secret]',
  },
  { pattern: /\beyJ[\w-]{8,4000}\.[\w-]{8,4000}(?:\.[\w-]{0,2000})?/g, mask: '[secret]' },
  { pattern: /(?<=\b(?:Bearer|Basic) )[\w.~+/=-]{8,4000}/gi, mask: '[secret]', holds: hasDigit },
  {
    pattern: /\b(?:sk|pk|rk|gh[pousr]|github_pat|glpat|xox[abprs]|hf|r8|gsk|xai|whsec)[_-][\w-]{10,300}/g,
    mask: '[secret]',
    holds: hasDigit,
  },
  { pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, mask: '[secret]' },
  { pattern: /\bAIza[\w-]{30,100}/g, mask: '[secret]' },
  { pattern: /(?<=:\/\/[^\s/:@]{0,100}:)[^\s/@]{1,200}(?=@)/g, mask: '[secret]' },
  { pattern: /(?<![\w.%+-])[\w.%+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/g, mask: '[email]' },
  { pattern: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b/g, mask: '[iban]', holds: isIban },
  { pattern: /(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])/g, mask: '[card]', holds: isCard },
  { pattern: /(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])/g, mask: '[ssn]' },
  { pattern: /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)/g, mask: '[ip]', holds: isIpv4 },
  { pattern: /(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])/gi, mask: '[ip]', holds: isIpv6 },
  // With a country code, or a national form: 030 1234567, (555) 123-4567.
  { pattern: /(?<![\w+])(?:\+|00)[1-9](?:[ ()./-]{0,2}\d){6,14}(?!\w)/g, mask: '[phone]' },
  { pattern: /(?<![\w.,+-])\(?0\d{1,5}\)?[ /-]{1,3}\d(?:[ /-]?\d){4,10}(?![\w-]|[.,]\d)/g, mask: '[phone]' },
  { pattern: /(?<![\w.,+-])(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-]|[.,]\d)/g, mask: '[phone]' },
];

function hasDigit(found: string): boolean {
  return /\d/.test(found);
}

/** ISO 13616: the remainder by 97 is 1. */
function isIban(found: string): boolean {
  const compact = found.replaceAll(' ', '');
  if (compact.length > 34) return false;
  const turned = compact.slice(4) + compact.slice(0, 4);
  const digits = turned.replaceAll(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55));
  return BigInt(digits) % 97n === 1n;
}

/** Luhn's check digit; what does not begin as a card does is another number. */
function isCard(found: string): boolean {
  const digits = Array.from(found.replaceAll(/[ -]/g, ''), Number).toReversed();
  const sum = digits.reduce((total, digit, place) => {
    const doubled = place % 2 === 1 ? digit * 2 : digit;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return /^[2-6]/.test(found) && sum % 10 === 0;
}

function isIpv4(found: string): boolean {
  return found.split('.').every((part) => Number(part) <= 255);
}

/** `::` once or all eight groups; a time such as 10:15:30 is none. */
function isIpv6(found: string): boolean {
  const groups = found.split(':');
  const isShort = found.includes('::') && found.indexOf('::') === found.lastIndexOf('::') && /[0-9a-f]/i.test(found);
  return isShort || (groups.length === 8 && groups.every((group) => group !== ''));
}
