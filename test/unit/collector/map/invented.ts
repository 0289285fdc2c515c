import { labelsUnder } from '../../../../collector/map/labels.ts';
import { oneOf } from '../../../../collector/map/readers.ts';
import { fromTable, name, row, tokens, whole } from '../../../../collector/map/table.ts';
import { structured } from '../../../../collector/map/value.ts';

/** A convention that nobody uses: what it takes to add one is this file, and a line in the list. */
export const invented = fromTable({
  name: 'invented',
  speaks: (source) => source.speaks('acme'),
  rows: [
    row(
      'kind',
      'acme.step',
      oneOf(
        new Map([
          ['think', 'llm'],
          ['act', 'tool'],
        ] as const),
      ),
    ),
    name('responseModel', 'acme.brain'),
    tokens('input', 'acme.heard'),
    tokens('output', 'acme.spoke'),
    name('toolName', 'acme.hand'),
    whole('toolArguments', 'acme.with', structured),
    name('sessionId', 'acme.talk'),
  ],
  labels: [labelsUnder('acme.note.')],
});
