import { transformJSONSchema } from '@anthropic-ai/sdk/lib/transform-json-schema';
import type { JSONOutputFormat } from '@anthropic-ai/sdk/resources/messages';
import type { ModelRequest } from './model.ts';

/**
 * How an answer of a form is asked for. The API's own way knows only objects whose properties are all named; for any other
 * schema the model is told in words, and may err.
 */
export function toOutputFormat({ schema }: NonNullable<ModelRequest['output']>): JSONOutputFormat | { words: string } {
  if (!hasOpenObject(schema)) {
    try {
      return { type: 'json_schema', schema: transformJSONSchema({ ...schema }) };
    } catch {
      // A part without a type, for one.
    }
  }
  return { words: `Answer with JSON alone, without any text around it. Its JSON Schema: ${JSON.stringify(schema)}` };
}

function hasOpenObject(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.some(hasOpenObject);
  if (typeof schema !== 'object' || schema === null) return false;
  const { type, properties, additionalProperties } = schema as Record<string, unknown>;
  const isNamed = typeof properties === 'object' && properties !== null && Object.keys(properties).length > 0;
  const isOpen = additionalProperties === true || typeof additionalProperties === 'object';
  if (type === 'object' && (!isNamed || isOpen)) return true;
  return Object.values(schema).some(hasOpenObject);
}
