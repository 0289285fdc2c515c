/** Rows are drawn in steps of this many, so that scrolling redraws the canvas rarely. */
const step = 16;
/** Beyond the edge of the view, so that fast scrolling does not show gaps. */
const overscanRows = 16;

/** The rows to put into the document: `from` inclusive, `to` exclusive. */
export function findRowWindow(view: { scrollTop: number; height: number; rowHeight: number; rowCount: number }): {
  from: number;
  to: number;
} {
  const first = Math.floor(view.scrollTop / view.rowHeight) - overscanRows;
  const last = Math.ceil((view.scrollTop + view.height) / view.rowHeight) + overscanRows;
  const from = Math.max(0, Math.floor(first / step) * step);
  const to = Math.min(view.rowCount, Math.ceil(last / step) * step);
  return { from: Math.min(from, to), to };
}

/** The scroll position that shows a row whole, or the present one if it already is. */
export function scrollToRow(
  row: number,
  view: { scrollTop: number; height: number; rowHeight: number; headerHeight: number },
): number {
  const top = row * view.rowHeight;
  const space = view.height - view.headerHeight;
  // A row above and below stays in view, so that one sees where the list goes on.
  const margin = Math.min(view.rowHeight, Math.max(0, (space - view.rowHeight) / 2));
  if (top - margin < view.scrollTop) return Math.max(0, top - margin);
  const bottom = top + view.rowHeight + margin;
  if (bottom > view.scrollTop + space) return bottom - space;
  return view.scrollTop;
}
