/** A number that a double cannot hold: its digits as sent. `JSON.stringify` writes them unchanged. */
export interface ExactNumber {
  readonly rawJSON: string;
}

interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON?: (source: string) => ExactNumber;
  isRawJSON?: (value: unknown) => value is ExactNumber;
}

// The standard library's types do not know `context.source` and `rawJSON` yet, and browsers only since 2023 to 2025.
const exactJson = JSON as unknown as ExactJson;

/** A bare number of 16 characters or more: the only ones that may not fit a double. */
const longNumber = /[:[,]\s*-?\d[\d.eE+-]{15}|[:[,]\s*-?\d[\d.]*[eE]/;

/**
 * `JSON.parse` that keeps numbers outside 2^53 as `ExactNumber`. As fast as the plain one where there are none. A browser
 * that cannot keep them shows them rounded.
 */
export function parseJson(text: string): unknown {
  const { rawJSON } = exactJson;
  if (rawJSON === undefined || !longNumber.test(text)) return JSON.parse(text);
  return exactJson.parse(text, (_key, value, context) =>
    typeof value === 'number' && context.source !== undefined && !isExact(value, context.source)
      ? rawJSON(context.source)
      : value,
  );
}

/** True for what `parseJson` put in place of a number. */
export function isExactNumber(value: unknown): value is ExactNumber {
  return exactJson.isRawJSON?.(value) ?? false;
}

function isExact(value: number, source: string): boolean {
  if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value);
  return Number.isFinite(value) && significantDigits(source) <= 17;
}

function significantDigits(source: string): number {
  const mantissa = source.split(/[eE]/)[0] ?? '';
  return mantissa.replace(/[-.]/g, '').replace(/^0+/, '').replace(/0+$/, '').length;
}
