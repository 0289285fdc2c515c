import type { TraceSort } from '../../state/trace-query.ts';

export type ColumnId = 'time' | 'name' | 'agent' | 'model' | 'steps' | 'tokens' | 'cost' | 'duration' | 'status';

export interface Column {
  id: ColumnId;
  label: string;
  /** A CSS grid track. */
  track: string;
  number?: boolean;
  /** The orders that a click on the header goes through, the first one first. */
  sorts?: readonly TraceSort[];
  /** Cannot be hidden. */
  fixed?: boolean;
}

/** What the page may ask of the table. */
export interface TableHandle {
  /** Brings a row into view and, if asked, the focus to its link. */
  reveal: (index: number, options: { focus: boolean }) => void;
  scrollToTop: () => void;
}

export const columns: readonly Column[] = [
  { id: 'time', label: 'Time', track: '80px', sorts: ['-startTime', 'startTime'], fixed: true },
  { id: 'name', label: 'First words, name', track: 'minmax(160px, 1fr)', fixed: true },
  { id: 'agent', label: 'Agent', track: 'minmax(64px, 0.26fr)' },
  { id: 'model', label: 'Model', track: 'minmax(80px, 0.34fr)' },
  { id: 'steps', label: 'Steps', track: '44px', number: true },
  { id: 'tokens', label: 'Tokens', track: '60px', number: true, sorts: ['-tokens'] },
  { id: 'cost', label: 'Cost', track: '64px', number: true, sorts: ['-cost'] },
  { id: 'duration', label: 'Duration', track: '132px', number: true, sorts: ['-duration'] },
  { id: 'status', label: 'Status', track: '68px', sorts: ['-errors'] },
];

/** The columns that are shown, in order. */
export function listShown(hidden: readonly string[]): Column[] {
  return columns.filter((column) => column.fixed === true || !hidden.includes(column.id));
}

/** The order after a click on a header; a column of one order goes back to newest first. */
export function nextSort(column: Column, current: TraceSort): TraceSort {
  const sorts = column.sorts ?? [];
  const place = sorts.indexOf(current);
  if (place < 0) return sorts[0] ?? current;
  return sorts[place + 1] ?? (sorts.length > 1 ? sorts[0] : undefined) ?? '-startTime';
}

/** What a screen reader says of a header; undefined where the list is not in its order. */
export function readAriaSort(column: Column, current: TraceSort): 'ascending' | 'descending' | undefined {
  if (column.sorts?.includes(current) !== true) return undefined;
  return current.startsWith('-') ? 'descending' : 'ascending';
}
