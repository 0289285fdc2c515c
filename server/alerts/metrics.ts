import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const secondBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60];

/** Every series of the server's `/metrics`, in a registry of its own. */
export function createServerMetrics(now: () => number) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const evaluated: { toMs: number | undefined } = { toMs: undefined };
  new Gauge({
    name: 'sightglass_alert_evaluation_lag_seconds',
    help: 'From the end of the windows that rules were last evaluated over until now, whichever server did it.',
    registers,
    collect() {
      if (evaluated.toMs !== undefined) this.set(Math.max(0, now() - evaluated.toMs) / 1_000);
    },
  });
  return {
    registry,
    /** Where the windows of the last tick ended: the lag is counted from there when it is asked for. */
    evaluated,
    settlementLag: new Gauge({
      name: 'sightglass_settlement_lag_seconds',
      help: 'Age of the verified cursor of settlement when alerting last looked at it.',
      registers,
    }),
    ticks: new Counter({
      name: 'sightglass_alert_ticks_total',
      help: 'Looks at the alert rules by outcome: written, lost to another server, failed.',
      labelNames: ['outcome'],
      registers,
    }),
    missedTicks: new Counter({
      name: 'sightglass_alert_missed_ticks_total',
      help: 'Half minutes in which no server looked; they were caught up as one.',
      registers,
    }),
    tickSeconds: new Histogram({
      name: 'sightglass_alert_tick_seconds',
      help: 'Evaluating all rules and budgets and writing what came of it.',
      buckets: secondBuckets,
      registers,
    }),
    rules: new Gauge({ name: 'sightglass_alert_rules', help: 'Rules that are evaluated.', registers }),
    failures: new Counter({
      name: 'sightglass_alert_rule_failures_total',
      help: 'Rules whose query failed in a tick; their states stayed as they were.',
      registers,
    }),
    events: new Counter({
      name: 'sightglass_alert_events_total',
      help: 'Events written by this server.',
      labelNames: ['source', 'to'],
      registers,
    }),
    messages: new Counter({
      name: 'sightglass_alert_messages_total',
      help: 'Tries of this server to send a message, by what became of it: delivered, failed (it is tried again), dead.',
      labelNames: ['outcome'],
      registers,
    }),
  };
}

export type ServerMetrics = ReturnType<typeof createServerMetrics>;
