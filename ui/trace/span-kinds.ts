import type { SpanKind } from '../api/types.ts';
import { kindLooks } from '../components/kinds.ts';

/** All kinds in the order in which chips and legends list them. */
export const spanKindNames = Object.keys(kindLooks) as SpanKind[]; // keys() forgets the type of a complete record
