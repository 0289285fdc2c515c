import { type AlertEvent, type AlertRule, type AlertStateName, listEvents, listRules } from '../api/alerts.ts';
import { type Channel, type Delivery, type DeliveryState } from '../api/channels.ts';
import { listChannels, listDeliveries, retryDelivery } from '../api/channels.ts';
import { type ApiFailure, isAborted, toFailure } from '../api/client.ts';
import { readOneOf } from './cost-query.ts';
import { QueryPage } from './query-page.svelte.ts';
import type { Router } from './router.svelte.ts';

const pageRows = 100;
/** Rows that one page of the browser holds; beyond it, filters find them. */
export const logRowsMax = 2_000;

export const eventStates: readonly AlertStateName[] = ['firing', 'resolved', 'pending', 'no_data', 'ok'];
export const deliveryStates: readonly DeliveryState[] = ['pending', 'sending', 'delivered', 'failed', 'dead'];

/** What the history shows, as it stands in the address. */
export interface EventQuery {
  project: string;
  rule: string | null;
  budget: string | null;
  state: AlertStateName | null;
  /** Only this one, at any time. */
  event: string | null;
}

/** What the log of deliveries shows, as it stands in the address. */
export interface DeliveryQuery {
  project: string;
  state: DeliveryState | null;
  channel: string | null;
  /** Of one event only. */
  event: string | null;
}

interface Page<Row> {
  rows: readonly Row[];
  nextCursor: string | null;
}

/** A list by cursor, by the page's address; more rows are added below. */
abstract class LogPage<Query extends object, Row, View extends Page<Row>> extends QueryPage<Query, View> {
  loadingMore = $state(false);
  moreFailure: ApiFailure | null = $state.raw(null);
  /** Nobody looks at older ones: what comes may be shown without taking them away. */
  readonly isFirstPage = $derived((this.view?.rows.length ?? 0) <= pageRows);

  async loadMore(): Promise<void> {
    const { view } = this;
    const cursor = view?.nextCursor ?? null;
    if (view === null || cursor === null || this.loadingMore || view.rows.length >= logRowsMax) return;
    this.loadingMore = true;
    try {
      const page = await this.readRows(this.query, cursor, this.signal);
      this.view = { ...view, rows: [...view.rows, ...page.rows], nextCursor: page.nextCursor };
      this.moreFailure = null;
    } catch (error) {
      if (!isAborted(error)) this.moreFailure = toFailure(error);
    }
    this.loadingMore = false;
  }

  protected abstract readRows(query: Query, cursor: string | null, signal: AbortSignal): Promise<Page<Row>>;
}

export interface EventView extends Page<AlertEvent> {
  query: EventQuery;
  rules: readonly AlertRule[];
}

/** Every change of state, the newest first. */
export class EventLog extends LogPage<EventQuery, AlertEvent, EventView> {
  constructor(router: Router) {
    super(router, readEventQuery);
  }

  protected async readView(query: EventQuery, signal: AbortSignal): Promise<EventView> {
    const [page, { rules }] = await Promise.all([this.readRows(query, null, signal), listRules(query.project, signal)]);
    return { query, rules, ...page };
  }

  protected async readRows(query: EventQuery, cursor: string | null, signal: AbortSignal): Promise<Page<AlertEvent>> {
    const { events, nextCursor } = await listEvents({ ...query, limit: pageRows, cursor }, signal);
    return { rows: events, nextCursor };
  }
}

export interface DeliveryView extends Page<Delivery> {
  query: DeliveryQuery;
  channels: readonly Channel[];
}

/** What was sent where, the newest first. */
export class DeliveryLog extends LogPage<DeliveryQuery, Delivery, DeliveryView> {
  constructor(router: Router) {
    super(router, readDeliveryQuery);
  }

  /** Resolves with why it is not tried again, or null. */
  async retry(deliveryId: string): Promise<ApiFailure | null> {
    try {
      await retryDelivery(this.query.project, deliveryId);
    } catch (error) {
      return toFailure(error);
    }
    await this.load();
    return null;
  }

  protected async readView(query: DeliveryQuery, signal: AbortSignal): Promise<DeliveryView> {
    const [page, { channels }] = await Promise.all([
      this.readRows(query, null, signal),
      listChannels(query.project, signal),
    ]);
    return { query, channels, ...page };
  }

  protected async readRows(query: DeliveryQuery, cursor: string | null, signal: AbortSignal): Promise<Page<Delivery>> {
    const { deliveries, nextCursor } = await listDeliveries({ ...query, limit: pageRows, cursor }, signal);
    return { rows: deliveries, nextCursor };
  }
}

/** Reads the address; what is wrong in it is left out and named. */
export function readEventQuery(params: URLSearchParams): { query: EventQuery; problems: readonly string[] } {
  const problems: string[] = [];
  const query = {
    project: params.get('project') ?? 'default',
    rule: params.get('rule'),
    budget: params.get('budget'),
    state: readOneOf('state', eventStates, params, problems) ?? null,
    event: params.get('event'),
  };
  return { query, problems };
}

/** Reads the address; what is wrong in it is left out and named. */
export function readDeliveryQuery(params: URLSearchParams): { query: DeliveryQuery; problems: readonly string[] } {
  const problems: string[] = [];
  const query = {
    project: params.get('project') ?? 'default',
    state: readOneOf('state', deliveryStates, params, problems) ?? null,
    channel: params.get('channel'),
    event: params.get('event'),
  };
  return { query, problems };
}
