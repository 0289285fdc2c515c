import { describe, expect, test } from 'vitest';
import type { AgentSummary, CostRow, TrafficReply } from '../../../../ui/api/types.ts';
import { describeFigures } from '../../../../ui/pages/agents/agent-figures.ts';
import { errorShare, listAgentRows, listRevisionRows, shortRevision } from '../../../../ui/pages/agents/agent-rows.ts';

const declare = (name: string): AgentSummary => ({
  ...{ name, description: null, labels: {}, revision: `${name}@1`, deployedAt: '2026-11-20T12:00:00Z' },
  ...{ models: [], tools: [], revisionCount: 1 },
});
const traffic = (agent: string, traceCount: number, more: object = {}): TrafficReply['rows'][number] => ({
  ...{ agent, traceCount, errorCount: 0, durationP50Ns: '1000000', durationP95Ns: '2000000000' },
  ...{ lastSeenUnixNano: '1', ...more },
});
const spend = (more: Partial<CostRow>, usd: string | null = '0.5'): CostRow => ({
  usage: {
    ...{ modelCalls: 2, inputTokens: 100, outputTokens: 50, cacheReadTokens: 0, cacheWriteTokens: 0 },
    reasoningTokens: 0,
  },
  cost: { usd, pricedCalls: usd === null ? 0 : 1, unpricedCalls: usd === null ? 2 : 1 },
  ...more,
});

describe('the list of agents', () => {
  test('has those that are declared and those that spans name, the busiest first', () => {
    const rows = listAgentRows({
      declared: [declare('quiet'), declare('busy'), declare('asleep')],
      traffic: { rows: [traffic('elsewhere', 5), traffic('busy', 9)] },
      costs: { rows: [spend({ agent: 'busy' }), spend({ agent: null }), spend({ agent: 'paid' })] },
    });
    expect(rows.map(({ name, declared }) => [name, declared !== null])).toEqual([
      ['busy', true],
      ['elsewhere', false],
      ['asleep', true],
      ['paid', false],
      ['quiet', true],
    ]);
    expect(rows[0]).toMatchObject({ traffic: { traceCount: 9 }, spent: { cost: { usd: '0.5' } } });
  });

  test('has figures with their unit, and says why there are none', () => {
    const figures = describeFigures(traffic('a', 1_000, { errorCount: 21 }), spend({}));
    expect(figures).toMatchObject({
      traces: { text: '1.00 k', title: '1,000 traces' },
      failed: { text: '2.1 %', title: 'It failed in 21 of 1,000 traces', tone: 'danger' },
      p95: { text: '2.00 s' },
      tokens: { text: '150 tok' },
      cost: { text: '$0.50', title: expect.stringContaining('1 of 2 calls has no price') as string },
    });
    expect(describeFigures(traffic('a', 1), spend({}, null)).cost.text).toBe('–');
    expect(describeFigures(null, null)).toMatchObject({
      traces: { text: '0' },
      failed: { text: '–' },
      cost: { text: '–' },
    });
  });

  test.each([
    [{ traceCount: 10, errorCount: 0 }, '0 %'],
    [{ traceCount: 5_000, errorCount: 1 }, '< 0.1 %'],
    [{ traceCount: 7, errorCount: 1 }, '14 %'],
    [{ traceCount: 3, errorCount: 3 }, '100 %'],
    [{ traceCount: 0, errorCount: 0 }, null],
    [null, null],
  ])('says the share of %j', (row, share) => {
    expect(errorShare(row)).toBe(share);
  });
});

describe('revisions of an agent', () => {
  test('are those that are registered, newest first, then those that only spans know', () => {
    const rows = listRevisionRows({
      agent: {
        revisions: [
          { revision: 'a@1', registeredAt: '2026-11-20T00:00:00Z', isDeployed: false },
          { revision: 'a@2', registeredAt: '2026-11-21T00:00:00Z', isDeployed: true },
        ],
        deployments: [
          { revision: 'a@2', deployedAt: '2026-11-22T00:00:00Z' },
          { revision: 'a@1', deployedAt: '2026-11-20T00:00:00Z' },
          { revision: 'a@2', deployedAt: '2026-11-19T00:00:00Z' },
        ],
      },
      revisions: [traffic('a', 3, { revision: 'a@1' }), traffic('a', 1, { revision: null })],
      costs: { rows: [spend({ revision: 'a@2' }), spend({ revision: null })] },
    });
    expect(
      rows.map(({ revision, isDeployed, deployedAt, traffic: seen, spent }) => [
        ...[revision, isDeployed, deployedAt, seen?.traceCount ?? 0, spent !== null],
      ]),
    ).toEqual([
      ['a@2', true, '2026-11-22T00:00:00Z', 0, true],
      ['a@1', false, '2026-11-20T00:00:00Z', 3, false],
      [null, false, null, 1, true],
    ]);
    expect(listRevisionRows({ agent: null, revisions: [], costs: { rows: [] } })).toEqual([]);
  });

  test('are shown by their hash', () => {
    expect(shortRevision('support@1a2b')).toBe('1a2b');
    expect(shortRevision('v7')).toBe('v7');
  });
});
