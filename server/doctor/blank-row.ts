import type { Columns, Row } from '../../migrations/schema.ts';

/** A row that says nothing: what ends another needs its key only. */
export function blankRow<Table extends Columns>(columns: Table): Row<Table> {
  const values = Object.entries(columns).map(([name, type]) => [name, blankValue(type)] as const);
  return Object.fromEntries(values) as unknown as Row<Table>;
}

function blankValue(type: string): unknown {
  if (type.startsWith('Nullable')) return null;
  if (type.startsWith('FixedString')) return new Uint8Array(Number(/\d+/.exec(type)?.[0]));
  if (type.startsWith('Array')) return [];
  if (type.startsWith('Map')) return new Map();
  if (type.endsWith('String)') || type === 'String') return '';
  return /^U?Int(8|16|32)$/.test(type) ? 0 : 0n;
}
