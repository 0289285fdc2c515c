/** The shapes of the HTTP API: the only names of the server that the browser knows, and only as types. */
export type { ApiErrorCode } from '../../server/contract/errors.ts';
export type {
  AgentReply,
  AgentSessionReply,
  AgentsReply,
  AgentSummary,
  TrafficReply,
} from '../../server/contract/agents.ts';
export type {
  Budget,
  BudgetAccount,
  BudgetDriver,
  BudgetInput,
  BudgetProjection,
  BudgetReply,
  BudgetsReply,
} from '../../server/contract/budgets.ts';
export type { BudgetPeriod } from '../../server/contract/periods.ts';
export type {
  CacheSavingsReply,
  CostMover,
  ForecastReply,
  MoversReply,
  SessionCostsReply,
} from '../../server/contract/cost-insights.ts';
export type {
  BookingStatus,
  CostDimension,
  CostInterval,
  CostRow,
  CostsReply,
  LedgerEntryReply,
  LedgerReply,
  LedgerSort,
} from '../../server/contract/costs.ts';
export type {
  CreatedKeyReply,
  CreateKeyRequest,
  KeyScope,
  KeysReply,
  MeReply,
  ProjectKey,
} from '../../server/contract/keys.ts';
export type { LabelsReply, LabelValuesReply } from '../../server/contract/labels.ts';
export type { Message, Part } from '../../server/contract/messages.ts';
export type {
  OwnerInput,
  OwnerPreviewReply,
  OwnerReply,
  OwnerRule,
  OwnersReply,
} from '../../server/contract/owners.ts';
export type { StatementCentre, StatementReply } from '../../server/contract/statement.ts';
export type {
  SessionListReply,
  SessionReply,
  SessionSort,
  SessionSummary,
  Turn,
} from '../../server/contract/sessions.ts';
export type { SpanDetail, SpanEvent, SpanReply, SpanSkeleton } from '../../server/contract/spans.ts';
export type {
  FacetName,
  FacetsReply,
  HistogramReply,
  ProjectsReply,
  TraceLabel,
  TraceListReply,
  TraceReply,
  TraceSummary,
} from '../../server/contract/traces.ts';
export type { TraceListQuery } from '../../server/contract/requests.ts';
export type { UnpricedGroup, UnpricedReply } from '../../server/contract/unpriced.ts';
export type { Cost, SpanKind, Usage } from '../../server/contract/values.ts';
