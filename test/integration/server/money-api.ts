import { afterAll } from 'vitest';
import { costsReply, ledgerReply } from '../../../server/contract/costs.ts';
import { settlementStatus } from '../../../server/contract/settlement.ts';
import type { TestDatabase } from '../../support/database.ts';
import { request, useApi } from './api.ts';
import { ledgerWriter } from './ledger-fixtures.ts';

type Parameters = Record<string, string | number | readonly string[] | undefined>;

/** A day around the fixtures' noon. */
const window = { from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z' };

/** The questions about money, on a project of its own; every reply is checked by its schema. */
export function useMoneyApi(database: TestDatabase) {
  const api = useApi(database);
  const ledger = ledgerWriter(database, api.project);
  afterAll(() => ledger.close());
  const read = async (path: string, parameters: Parameters) => {
    const { status, body, headers } = await request(api.app, path, { project: api.project, ...parameters });
    if (status !== 200) throw new Error(`${path} answered ${String(status)}: ${JSON.stringify(body)}`);
    return { body, headers };
  };
  return {
    ...api,
    ledger,
    getCosts: async (parameters: Parameters = {}) =>
      costsReply.parse((await read('/api/costs', { ...window, ...parameters })).body),
    getCostsFile: async (parameters: Parameters = {}) => {
      const { body, headers } = await read('/api/costs.csv', { ...window, ...parameters });
      return { text: String(body), headers };
    },
    listLedger: async (parameters: Parameters = {}) =>
      ledgerReply.parse((await read('/api/ledger', { ...window, ...parameters })).body),
    getSettlement: async () => settlementStatus.parse((await read('/api/settlement', { project: undefined })).body),
  };
}
