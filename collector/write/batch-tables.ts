import { messageColumns, spanColumns, spanEventColumns } from '../../migrations/schema.ts';
import { NativeTable } from './native/table.ts';

/** The tables that a batch fills. */
export interface BatchTables {
  spans: NativeTable<typeof spanColumns>;
  events: NativeTable<typeof spanEventColumns>;
  messages: NativeTable<typeof messageColumns>;
}

/** A busy collector has one more: one is filled while three are inserted. */
const spareMax = 3;
const spare: BatchTables[] = [];

/** Empty tables; those of a batch before, as far as there are any: their memory is there already. */
export function takeTables(): BatchTables {
  return (
    spare.pop() ?? {
      spans: new NativeTable(spanColumns),
      events: new NativeTable(spanEventColumns),
      messages: new NativeTable(messageColumns),
    }
  );
}

/** Only when nothing of them is sent any more. */
export function giveBackTables(tables: BatchTables): void {
  if (spare.length >= spareMax) return;
  for (const table of [tables.spans, tables.events, tables.messages]) table.clear();
  spare.push(tables);
}
