import { z } from '@hono/zod-openapi';

export const calendarUnits = ['hour', 'day', 'week', 'month', 'quarter', 'year'] as const;
export type CalendarUnit = (typeof calendarUnits)[number];
/** About three years. */
export const rollingHoursMax = 26_280;
const timeZoneLength = 64;

export const timeZone = z
  .string({ error: 'must be a time zone such as Europe/Berlin' })
  .max(timeZoneLength, { error: 'must be a time zone such as Europe/Berlin' })
  .refine(isTimeZone, { error: 'must be the IANA name of a time zone, such as Europe/Berlin' })
  .openapi({ description: 'IANA name: where days, weeks and months begin.', example: 'Europe/Berlin' });

const calendarPeriod = z.strictObject({
  kind: z.literal('calendar'),
  unit: z.enum(calendarUnits, { error: `must be one of ${calendarUnits.join(', ')}` }),
  timeZone: timeZone.default('UTC'),
});

const hoursError = `must be a whole number of hours from 1 to ${rollingHoursMax}`;
const rollingPeriod = z.strictObject({
  kind: z.literal('rolling'),
  hours: z
    .number({ error: hoursError })
    .int({ error: hoursError })
    .min(1, { error: hoursError })
    .max(rollingHoursMax, { error: hoursError }),
});

const totalPeriod = z.strictObject({ kind: z.literal('total') });

export const budgetPeriod = z
  .discriminatedUnion('kind', [calendarPeriod, rollingPeriod, totalPeriod], {
    error: 'must be calendar (with unit and timeZone), rolling (with hours) or total',
  })
  .openapi('BudgetPeriod', {
    description: 'Weeks begin on Monday. `rolling` is always the last hours; `total` is everything that is kept.',
  });
export type BudgetPeriod = z.infer<typeof budgetPeriod>;

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
