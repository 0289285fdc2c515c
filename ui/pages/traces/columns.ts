import type { Column } from '../../components/table/columns.ts';
import type { TraceSort } from '../../state/trace-query.ts';

export type ColumnId = 'time' | 'name' | 'agent' | 'model' | 'steps' | 'tokens' | 'cost' | 'duration' | 'status';
export type TraceColumn = Column<ColumnId, TraceSort>;

export const columns: readonly TraceColumn[] = [
  {
    id: 'time',
    label: 'Time',
    track: '80px',
    sorts: ['-startTime', 'startTime'],
    fixed: true,
    card: { row: 2, columns: '1' },
  },
  {
    id: 'name',
    label: 'First words, name',
    track: 'minmax(160px, 1fr)',
    fixed: true,
    card: { row: 1, columns: '1 / 4' },
  },
  { id: 'agent', label: 'Agent', track: 'minmax(64px, 0.26fr)', card: { row: 2, columns: '2' } },
  { id: 'model', label: 'Model', track: 'minmax(80px, 0.34fr)' },
  { id: 'steps', label: 'Steps', track: '44px', number: true },
  { id: 'tokens', label: 'Tokens', track: '60px', number: true, sorts: ['-tokens'], card: { row: 2, columns: '3' } },
  { id: 'cost', label: 'Cost', track: '76px', number: true, sorts: ['-cost'], card: { row: 2, columns: '4' } },
  {
    id: 'duration',
    label: 'Duration',
    track: '132px',
    number: true,
    sorts: ['-duration'],
    card: { row: 2, columns: '5' },
  },
  { id: 'status', label: 'Status', track: '68px', sorts: ['-errors'], card: { row: 1, columns: '4 / 6' } },
];
