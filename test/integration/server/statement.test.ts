import { beforeAll, describe, expect, it } from 'vitest';
import { errorReply } from '../../../server/contract/errors-reply.ts';
import { type StatementLine, type StatementReply, statementReply } from '../../../server/contract/statement.ts';
import { useDatabase } from '../../support/database.ts';
import { fillLedger } from '../../support/fill-ledger.ts';
import { request } from './api.ts';
import { picodollars } from './ledger-fixtures.ts';
import { useMoneyApi } from './money-api.ts';

const amountOfLine = ({ team, agent, model, amountUsd }: StatementLine) =>
  JSON.stringify([team, agent, model, amountUsd]);
const centsOf = (usd: string) => Math.round(Number(usd) * 100);
const rules = [
  { match: { agent: 'agent-0' }, costCentre: 'CC-1', team: 'Zero', priority: 1 },
  { match: { agent: 'agent-1*' }, costCentre: 'CC-1', team: 'One', priority: 2 },
  { match: { label: { key: 'team', pattern: 'team-3' } }, costCentre: 'CC-3', team: 'Three', priority: 3 },
  { match: { user: 'user-1*' }, costCentre: 'CC-u', team: 'Users', priority: 4, validFrom: '2026-10-16' },
];

describe('a monthly statement', () => {
  const database = useDatabase();
  const api = useMoneyApi(database);

  beforeAll(async () => {
    await fillLedger(database, {
      ...{ rows: 30_000, days: 90, endMs: Date.parse('2026-11-20T00:00:00Z'), projects: [api.project] },
      ...{ sessions: 3_000, users: 30, agents: 20, models: 5 },
    });
    for (const rule of rules) {
      const reply = await api.app.request(`http://127.0.0.1/api/owners?project=${api.project}`, {
        method: 'POST',
        headers: { host: '127.0.0.1', 'content-type': 'application/json' },
        body: JSON.stringify({ validFrom: '2026-01-01', ...rule }),
      });
      expect(reply.status).toBe(200);
    }
  });

  const read = async (parameters: Record<string, string> = {}): Promise<StatementReply> =>
    statementReply.parse((await request(api.app, '/api/statement', { project: api.project, ...parameters })).body);

  /** By hand: the ledger's own columns, in a time zone of ClickHouse's. */
  const sumByHand = (timeZone: string, month: string) =>
    api.db.rows<{ centre: string; usd: string; calls: string; unpriced: string }>(
      `SELECT multiIf(agent_name = 'agent-0' OR startsWith(agent_name, 'agent-1'), 'CC-1', labels['team'] = 'team-3', 'CC-3',
           startsWith(user_id, 'user-1') AND toDate(start_time, 'UTC') >= '2026-10-16', 'CC-u', '') AS centre,
         toString(sum(cost_usd)) AS usd, sum(model_calls) AS calls, sum(unpriced_calls) AS unpriced
       FROM ledger
       WHERE project_id = {projectId:String} AND formatDateTime(start_time, '%Y-%m', {timeZone:String}) = {month:String}
       GROUP BY centre ORDER BY centre LIMIT 10`,
      { projectId: api.project, timeZone, month },
    );

  it.each([
    ['UTC', '2026-10'],
    ['Europe/Berlin', '2026-10'],
    ['Asia/Kolkata', '2026-11'],
    ['America/Los_Angeles', '2026-09'],
  ])('in %s of %s ties out with the ledger, to the digit and to the cent', async (timeZone, month) => {
    const statement = await read({ timeZone, month });
    const byHand = await sumByHand(timeZone, month);
    const exact = statement.centres.filter(({ usage }) => usage.modelCalls > 0);
    expect(
      exact
        .map((one) => [
          one.costCentre ?? '',
          picodollars(one.cost.usd ?? '0'),
          one.usage.modelCalls,
          one.cost.unpricedCalls,
        ])
        .toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)),
    ).toEqual(byHand.map((row) => [row.centre, picodollars(row.usd), Number(row.calls), Number(row.unpriced)]));
    const whole = byHand.reduce((sum, row) => sum + picodollars(row.usd), 0n);
    expect(picodollars(statement.total.cost.usd ?? '0')).toBe(whole);
    expect(centsOf(statement.total.amountUsd)).toBe(Number((whole + 5n * 10n ** 9n) / 10n ** 10n));
    expect(statement.centres.reduce((sum, one) => sum + centsOf(one.amountUsd), 0)).toBe(
      centsOf(statement.total.amountUsd),
    );
    for (const centre of statement.centres) {
      const lines = centre.lines.reduce((sum, one) => sum + centsOf(one.amountUsd), 0);
      expect(lines + centsOf(centre.rest?.amountUsd ?? '0')).toBe(centsOf(centre.amountUsd));
    }
    expect(statement.centres.at(-1)?.costCentre).toBe(null);
  });

  it('has what the month before had, in the same cents as that month’s own statement', async () => {
    const [october, september] = [await read({ month: '2026-10' }), await read({ month: '2026-09' })];
    expect(october.total.previousAmountUsd).toBe(september.total.amountUsd);
    for (const centre of october.centres) {
      const before = september.centres.find(({ costCentre }) => costCentre === centre.costCentre);
      expect(picodollars(centre.previousCost.usd ?? '0')).toBe(picodollars(before?.cost.usd ?? '0'));
      expect(centre.previousAmountUsd).toBe(before?.amountUsd ?? '0.00');
      const amounts = before?.lines.filter(({ usage }) => usage.modelCalls > 0).map(amountOfLine) ?? [];
      const previous = centre.lines.filter(
        ({ previousCost }) => previousCost.pricedCalls + previousCost.unpricedCalls > 0,
      );
      expect(previous.map((line) => amountOfLine({ ...line, amountUsd: line.previousAmountUsd })).toSorted()).toEqual(
        amounts.toSorted(),
      );
    }
    expect(october.centres.reduce((sum, one) => sum + centsOf(one.previousAmountUsd), 0)).toBe(
      centsOf(october.total.previousAmountUsd),
    );
  });

  it('is of the last whole month unless another is asked for, and says whether it is final', async () => {
    const last = await read();
    expect([last.month, last.from, last.to]).toEqual([
      '2026-10',
      '2026-10-01T00:00:00.000Z',
      '2026-11-01T00:00:00.000Z',
    ]);
    await api.ledger.verifyTo(Date.parse('2026-11-20T18:00:00Z'));
    expect((await read()).isFinal).toBe(true);
    expect((await read({ month: '2026-11' })).isFinal).toBe(false);
  });

  it('comes as a file whose lines add up to it', async () => {
    const statement = await read({ month: '2026-10' });
    const { body, headers } = await request(api.app, '/api/statement.csv', { project: api.project, month: '2026-10' });
    expect(headers.get('content-disposition')).toBe('attachment; filename="statement-2026-10.csv"');
    const [header = '', ...lines] = String(body).trim().split('\r\n');
    const sumOf = (name: string) => {
      const place = header.split(',').indexOf(name);
      return lines.reduce((all, line) => all + centsOf(line.split(',')[place] ?? ''), 0);
    };
    expect(sumOf('amount_usd')).toBe(centsOf(statement.total.amountUsd));
    expect(sumOf('previous_amount_usd')).toBe(centsOf(statement.total.previousAmountUsd));
    expect(lines.length).toBe(statement.centres.reduce((all, centre) => all + centre.lines.length, 0));
  });

  it.each([
    [{ month: '2026-13' }, '`month` must be a month from 2000-01 to 2148-12 such as 2026-10'],
    [{ month: '2026-10', timeZone: 'Mars' }, '`timeZone` must be the name of a time zone such as Europe/Berlin or UTC'],
  ])('refuses %j', async (parameters, message) => {
    const { status, body } = await request(api.app, '/api/statement', { project: api.project, ...parameters });
    expect([status, errorReply.parse(body).error.message]).toEqual([400, message]);
  });
});
