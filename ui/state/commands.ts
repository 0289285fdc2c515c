import { getSession } from '../api/sessions.ts';
import { listTraces } from '../api/traces.ts';
import { toFailure } from '../api/client.ts';
import { countOf } from '../components/format.ts';
import type { PaletteCommand } from '../components/palette/commands.ts';
import { toggleFilter } from '../components/query/query-text.ts';
import { describeLast, presets } from '../components/range/time-range.ts';
import type { Access } from './access.svelte.ts';
import type { Router } from './router.svelte.ts';
import type { Settings } from './settings.svelte.ts';
import type { TraceOverview } from './trace-overview.svelte.ts';
import { readTraceQuery, writeFilters, writeRange } from './trace-query.ts';

interface Context {
  router: Router;
  settings: Settings;
  overview: TraceOverview;
  access: Access;
  onhelp: () => void;
}

/** Values of one facet that the palette offers; the rest is found by typing in the query bar. */
const valuesMax = 30;
const lookBackDays = 400;

/** Everything the palette can do now: pages, values to filter by, ranges, actions. */
export function listCommands(context: Context): PaletteCommand[] {
  return [
    ...listPages(context),
    ...listValues(context),
    ...listAgents(context),
    ...listRanges(context),
    ...listActions(context),
  ];
}

/** An id that was typed or pasted: a trace id opens its trace, a span id is looked for; a session's may be any word. */
export function readIdCommands(text: string, router: Router): PaletteCommand[] {
  const id = text.toLowerCase();
  // Words that name no command have no digit, as a rule.
  const session = /^(?=.*\d)\S{3,512}$/.test(text)
    ? [{ ...command('Id', `Open session ${text}`), isGuess: true, run: () => openSession(text, router) }]
    : [];
  if (/^[0-9a-f]{32}$/.test(id)) {
    return [command('Id', `Open trace ${id}`, () => router.go(router.traceHref(id))), ...session];
  }
  if (/^[0-9a-f]{16}$/.test(id)) {
    return [{ ...command('Id', `Find span ${id}`), run: () => openSpan(id, router) }, ...session];
  }
  return session;
}

async function openSession(sessionId: string, router: Router): Promise<string | undefined> {
  try {
    await getSession(sessionId, { project: router.project, limit: 1 });
    router.go(router.sessionHref(sessionId));
    return undefined;
  } catch (error) {
    return toFailure(error).message;
  }
}

async function openSpan(spanId: string, router: Router): Promise<string | undefined> {
  try {
    const from = new Date(Date.now() - lookBackDays * 86_400_000).toISOString();
    const { traces } = await listTraces({ project: router.project, q: spanId, from, limit: 1 });
    const trace = traces[0];
    if (trace === undefined) return `The project ${router.project} has no span ${spanId}.`;
    router.go(router.traceHref(trace.traceId, spanId));
    return undefined;
  } catch (error) {
    return toFailure(error).message;
  }
}

function listPages({ router }: Context): PaletteCommand[] {
  return [
    command('Pages', 'Traces', () => router.go(router.tracesHref())),
    command('Pages', 'Sessions', () => router.go(router.sessionsHref())),
    ...listCostPages(router),
    ...listBudgets(router),
    ...listAlerts(router),
    command('Pages', 'Agents', () => router.go(router.agentsHref())),
    {
      ...command('Pages', 'Ingest', () => router.go(router.ingestHref())),
      keywords: ['received', 'rejected', 'senders', 'collector', 'spool'],
    },
    ...listSettings(router),
  ];
}

function listCostPages(router: Router): PaletteCommand[] {
  const open = (changes: Record<string, string | null>) => {
    router.go(router.costsHref());
    router.setParams({ ...changes, drill: null });
  };
  return [
    command('Pages', 'Costs', () => router.go(router.costsHref())),
    ...(['agent', 'model', 'user', 'session'] as const).map((by) => ({
      ...command('Pages', `Costs by ${by}`, () => open({ by: by === 'agent' ? null : by })),
      keywords: ['spend', 'money'],
    })),
    command('Pages', 'Costs against the period before', () => open({ compare: 'on' })),
    {
      ...command('Pages', 'Models and usage without a price', () => router.go(router.unpricedHref())),
      keywords: ['unpriced', 'costs', 'coverage'],
    },
  ];
}

function listBudgets(router: Router): PaletteCommand[] {
  const open = (label: string, filters: Record<string, string>, keywords: readonly string[]) => ({
    ...command('Pages', label, () => router.go(router.budgetsHref(filters))),
    keywords,
  });
  return [
    open('Budgets', {}, ['limit', 'spend', 'money', 'cap']),
    open('Budgets that are used up', { state: 'exhausted' }, ['exhausted', 'over', 'paused', 'blocked']),
    open('New budget', { form: 'new' }, ['create', 'limit', 'cap', 'stop']),
  ];
}

function listAlerts(router: Router): PaletteCommand[] {
  const open = (label: string, href: string, keywords: readonly string[]) => ({
    ...command('Pages', label, () => router.go(href)),
    keywords,
  });
  return [
    open('Alerts: what fires now', router.alertsHref(), ['firing', 'on-call', 'silence', 'acknowledge']),
    open('Alert rules', router.alertsHref('rules'), ['threshold', 'limit', 'watch']),
    open('New alert rule', router.alertRuleHref(null), ['create', 'threshold', 'back-test', 'watch']),
    open('History of alerts', router.alertsHref('history'), ['events', 'fired', 'resolved']),
    open('Deliveries of alerts', router.alertsHref('deliveries'), ['sent', 'dead letters', 'retry']),
    open('Channels: Slack, webhooks', router.alertsHref('channels'), ['alerts', 'notify', 'test']),
  ];
}

function listSettings(router: Router): PaletteCommand[] {
  const open = (label: string, href: string, keywords: readonly string[]) => ({
    ...command('Pages', label, () => router.go(href)),
    keywords,
  });
  return [
    open('Settings', router.settingsHref(), ['options']),
    open('Keys', router.settingsHref(), ['settings', 'api key', 'token', 'secret', 'access']),
    open('Connect an agent', router.settingsHref('connect'), ['settings', 'send', 'otlp', 'endpoint', 'exporter']),
    open('Preferences', router.settingsHref('preferences'), ['settings', 'theme', 'density', 'appearance']),
    open('About this Sightglass', router.settingsHref('about'), ['settings', 'version']),
  ];
}

function listAgents({ router, overview }: Context): PaletteCommand[] {
  const agents = overview.facets?.find(({ name }) => name === 'agent')?.values ?? [];
  return agents.slice(0, valuesMax).map(({ value }) => ({
    ...command('Agents', `Agent ${value}`, () => router.go(router.agentHref(value))),
    hint: 'definition, revisions, chat',
    keywords: ['chat', 'talk'],
  }));
}

function listValues({ router, overview }: Context): PaletteCommand[] {
  const { query } = readTraceQuery(router.params);
  return (overview.facets ?? []).flatMap(({ name, values }) => {
    if (name !== 'agent' && name !== 'model') return [];
    return values.slice(0, valuesMax).map(({ value, traceCount }) => ({
      ...command(name === 'agent' ? 'Filter by agent' : 'Filter by model', value, () => {
        router.go(router.tracesHref());
        router.setParams(writeFilters(toggleFilter(query.filters, name, value)));
      }),
      hint: query.filters[name]?.includes(value) === true ? 'filtered by: remove' : countOf(traceCount, 'trace'),
      keywords: [`${name}:${value}`],
    }));
  });
}

function listRanges({ router }: Context): PaletteCommand[] {
  return presets.map((preset) => {
    const words = preset.kind === 'last' ? describeLast(preset) : '';
    const label = `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
    return command('Time range', label, () => router.setParams(writeRange(preset)));
  });
}

function listActions({ router, settings, access, onhelp }: Context): PaletteCommand[] {
  const { query } = readTraceQuery(router.params);
  const dense = settings.values.density === 'dense';
  const themes = (['system', 'light', 'dark'] as const).filter((theme) => theme !== settings.values.theme);
  return [
    { ...command('Actions', 'Copy link to this page'), keywords: ['share', 'url'], run: copyLink },
    command('Actions', 'Clear filters', () => router.setParams({ ...writeFilters({}), q: null })),
    command('Actions', query.live ? 'Pause live' : 'Show traces live', () =>
      router.setParams({ live: query.live ? 'off' : null }),
    ),
    ...themes.map((theme) => command('Actions', `Theme: ${theme}`, () => settings.change({ theme }))),
    command('Actions', dense ? 'Rows: normal' : 'Rows: dense', () =>
      settings.change({ density: dense ? 'normal' : 'dense' }),
    ),
    command('Actions', 'Keyboard shortcuts', onhelp),
    ...(access.key === null ? [] : [{ ...command('Actions', 'Sign out'), run: () => signOut(access) }]),
  ];
}

async function signOut(access: Access): Promise<string | undefined> {
  return (await access.signOut())?.message;
}

async function copyLink(): Promise<undefined> {
  await navigator.clipboard.writeText(location.href);
}

function command(group: string, label: string, run?: () => void): PaletteCommand {
  return {
    id: `${group} ${label}`,
    group,
    label,
    run: () => {
      run?.();
      return undefined;
    },
  };
}
