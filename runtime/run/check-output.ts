import { Ajv2020 } from 'ajv/dist/2020.js';

const faultsMax = 10;
const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });

/** An answer read as JSON of a schema: its text without fences, or what is wrong with it, for the model. */
export function checkOutput(
  answer: string,
  schema: Readonly<Record<string, unknown>>,
): { text: string } | { fault: string } {
  const text = withoutFence(answer.trim());
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { fault: `it is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  const validate = ajv.compile(schema);
  if (validate(value)) return { text };
  const faults = (validate.errors ?? []).slice(0, faultsMax);
  return {
    fault: faults
      .map(({ instancePath, message }) => `${instancePath || 'the whole'} ${message ?? 'is wrong'}`)
      .join('; '),
  };
}

/** What the model is told so that it repairs its answer. */
export function describeRepair(fault: string): string {
  return `Your answer does not have the required form: ${fault}. Answer again with only the JSON, corrected.`;
}

function withoutFence(text: string): string {
  return /^```(?:json)?\s*\n([\s\S]*?)\n?```$/i.exec(text)?.[1] ?? text;
}
