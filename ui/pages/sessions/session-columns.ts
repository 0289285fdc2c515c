import type { SessionSort } from '../../api/types.ts';
import type { Column } from '../../components/table/columns.ts';

export type SessionColumnId =
  | 'time'
  | 'name'
  | 'user'
  | 'agent'
  | 'model'
  | 'turns'
  | 'traces'
  | 'errors'
  | 'tokens'
  | 'cost'
  | 'duration'
  | 'last';
export type SessionColumn = Column<SessionColumnId, SessionSort>;

export const sessionColumns: readonly SessionColumn[] = [
  {
    id: 'time',
    label: 'Started',
    track: '76px',
    sorts: ['-startTime', 'startTime'],
    fixed: true,
    card: { row: 2, columns: '1' },
  },
  {
    id: 'name',
    label: 'First words › last answer',
    track: 'minmax(180px, 1fr)',
    fixed: true,
    card: { row: 1, columns: '1 / 5' },
  },
  { id: 'user', label: 'User', track: 'minmax(56px, 0.16fr)' },
  { id: 'agent', label: 'Agents', track: 'minmax(64px, 0.2fr)', card: { row: 2, columns: '2' } },
  { id: 'model', label: 'Models', track: 'minmax(72px, 0.22fr)' },
  { id: 'turns', label: 'Turns', track: '48px', number: true, sorts: ['-turns'], card: { row: 2, columns: '3' } },
  { id: 'traces', label: 'Traces', track: '44px', number: true },
  { id: 'errors', label: 'Errors', track: '52px', number: true, sorts: ['-errors'], card: { row: 1, columns: '5' } },
  { id: 'tokens', label: 'Tokens', track: '60px', number: true, sorts: ['-tokens'], card: { row: 2, columns: '4' } },
  { id: 'cost', label: 'Cost', track: '76px', number: true, sorts: ['-cost'], card: { row: 2, columns: '5' } },
  { id: 'duration', label: 'Duration', track: '82px', number: true },
  { id: 'last', label: 'Last step', track: '80px', sorts: ['-endTime'] },
];
