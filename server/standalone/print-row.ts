export type Print = (line: string) => void;

const labelWidth = 12;

/** One line of the list that a start prints: what it is, then where it is. */
export function printRow(print: Print, label: string, text: string): void {
  print(`  ${label.padEnd(labelWidth)}${text}`);
}
