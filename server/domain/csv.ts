/** One cell: text from outside, a figure of ours, or nothing. */
export type CsvCell = string | { figure: string | number } | null;

/** Spreadsheets take a cell that begins like this for a formula; the full-width signs count in some of them. */
const formula = /^[=+\-@\t\r\n＝＋－＠]/;
const needsQuotes = /[",\r\n]|^\s|\s$/;

/** Rows as RFC 4180 has them, every line ended by CRLF. Text that a spreadsheet would take for a formula gets a leading `'`. */
export function formatCsv(rows: readonly (readonly CsvCell[])[]): string {
  return rows.map((cells) => `${cells.map(formatCell).join(',')}\r\n`).join('');
}

function formatCell(cell: CsvCell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell.figure);
  const text = formula.test(cell) ? `'${cell}` : cell;
  return needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
