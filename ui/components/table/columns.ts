export interface Column<Id extends string, Sort extends string> {
  id: Id;
  label: string;
  /** A CSS grid track. */
  track: string;
  number?: boolean;
  /** The orders that a click on the header goes through, the first one first. */
  sorts?: readonly Sort[];
  /** Cannot be hidden. */
  fixed?: boolean;
  /** Where it stands in the card of two lines that a row is on a narrow screen: CSS grid lines. Others are left out there. */
  card?: { row: 1 | 2; columns: string };
}

/** What a list says of one of its rows. */
export interface RowFrame<Id extends string, Sort extends string> {
  columns: readonly Column<Id, Sort>[];
  href: string;
  /** Counted from 1 through the whole list. */
  position: number;
  current: boolean;
  /** Tab reaches this row; only one in the list. */
  tabStop: boolean;
  marked: boolean;
  onpick: () => void;
  onmark: () => void;
}

/** What a page may ask of its table. */
export interface TableHandle {
  /** Brings a row into view and, if asked, the focus to its link. */
  reveal: (index: number, options: { focus: boolean }) => void;
  scrollToTop: () => void;
}

/** The columns that are shown, in order. */
export function listShown<Id extends string, Sort extends string>(
  columns: readonly Column<Id, Sort>[],
  hidden: readonly string[],
): Column<Id, Sort>[] {
  return columns.filter((column) => column.fixed === true || !hidden.includes(column.id));
}

/** The order after a click on a header; a column of one order goes back to `usual`. */
export function nextSort<Sort extends string>(column: Column<string, Sort>, current: Sort, usual: Sort): Sort {
  const sorts = column.sorts ?? [];
  const place = sorts.indexOf(current);
  if (place < 0) return sorts[0] ?? current;
  return sorts[place + 1] ?? (sorts.length > 1 ? sorts[0] : undefined) ?? usual;
}

/** What a screen reader says of a header; undefined where the list is not in its order. */
export function readAriaSort<Sort extends string>(
  column: Column<string, Sort>,
  current: Sort,
): 'ascending' | 'descending' | undefined {
  if (column.sorts?.includes(current) !== true) return undefined;
  return current.startsWith('-') ? 'descending' : 'ascending';
}
