import { checkPlainText } from './check-secrets.ts';
import { suggest } from './fields.ts';

const placeholder = /\{\{([^{}]*)\}\}/g;

/**
 * What is wrong with instructions: variables that are not declared, half a placeholder, secrets. `line` counts from 0 within
 * the text.
 */
export function checkInstructions(text: string, variables: readonly string[]): { line: number; message: string }[] {
  return text.split('\n').flatMap((content, line) => {
    const names = [...content.matchAll(placeholder)].map(([, name = '']) => name.trim());
    const messages = names
      .filter((name) => !variables.includes(name))
      .map((name) => {
        const allowed = variables.join(', ') || 'none';
        return `has {{${name}}}, which is no variable, allowed: ${allowed}${suggest(name, variables)}`;
      });
    const rest = content.replaceAll(placeholder, '');
    if (rest.includes('{{') || rest.includes('}}'))
      messages.push('has half a placeholder, allowed: {{variable}} on one line');
    const secret = checkPlainText(content);
    return [...messages, ...(secret === undefined ? [] : [secret])].map((message) => ({ line, message }));
  });
}
