import type { BookingStatus, LedgerEntryReply } from '../../api/types.ts';

export const statusWords: Record<BookingStatus, { label: string; title: string }> = {
  priced: { label: 'priced', title: 'Tokens times our unit prices.' },
  reported: { label: 'reported', title: 'The emitter’s own price: there is none of ours.' },
  unpriced_model: { label: 'unpriced model', title: 'Nobody has a price for this model; the cost is unknown.' },
  unpriced_usage: { label: 'unpriced usage', title: 'What the call reports cannot be priced; the cost is unknown.' },
};

export const notCountedWords: Record<
  NonNullable<LedgerEntryReply['notCountedBecause']>,
  { label: string; title: string }
> = {
  aggregate: { label: 'aggregate', title: 'Its tokens are the sum over calls that are counted themselves.' },
  wrapper: { label: 'wrapper', title: 'The model call inside it is counted.' },
  duplicate: { label: 'duplicate', title: 'Another span records the same call and is counted.' },
  not_a_model_call: { label: 'not a model call', title: 'It reports tokens, but calls no model.' },
};

/** How a row was booked, or why it was not. */
export function describeBooking(entry: Pick<LedgerEntryReply, 'counted' | 'notCountedBecause' | 'status'>): {
  label: string;
  title: string;
  look: 'plain' | 'muted' | 'warning';
} {
  if (!entry.counted) {
    const words = entry.notCountedBecause === null ? undefined : notCountedWords[entry.notCountedBecause];
    return { label: words?.label ?? 'not counted', title: `Not in the sums. ${words?.title ?? ''}`, look: 'muted' };
  }
  if (entry.status === null) return { label: 'counted', title: 'In the sums.', look: 'plain' };
  const isWhole = entry.status === 'priced';
  return { ...statusWords[entry.status], look: isWhole ? 'plain' : 'warning' };
}
