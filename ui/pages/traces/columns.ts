import type { Column } from '../../components/table/columns.ts';
import type { TraceSort } from '../../state/trace-query.ts';

export type ColumnId = 'time' | 'name' | 'agent' | 'model' | 'steps' | 'tokens' | 'cost' | 'duration' | 'status';
export type TraceColumn = Column<ColumnId, TraceSort>;

export const columns: readonly TraceColumn[] = [
  { id: 'time', label: 'Time', track: '80px', sorts: ['-startTime', 'startTime'], fixed: true },
  { id: 'name', label: 'First words, name', track: 'minmax(160px, 1fr)', fixed: true },
  { id: 'agent', label: 'Agent', track: 'minmax(64px, 0.26fr)' },
  { id: 'model', label: 'Model', track: 'minmax(80px, 0.34fr)' },
  { id: 'steps', label: 'Steps', track: '44px', number: true },
  { id: 'tokens', label: 'Tokens', track: '60px', number: true, sorts: ['-tokens'] },
  { id: 'cost', label: 'Cost', track: '76px', number: true, sorts: ['-cost'] },
  { id: 'duration', label: 'Duration', track: '132px', number: true, sorts: ['-duration'] },
  { id: 'status', label: 'Status', track: '68px', sorts: ['-errors'] },
];
