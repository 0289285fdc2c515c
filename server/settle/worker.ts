import { randomUUID } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { pino } from 'pino';
import { loadPriceBook } from '../load-price-book.ts';
import { connectDb } from '../queries/db.ts';
import { SettlementWriter } from '../queries/settlement-writer.ts';
import type { SettlementConfig } from './settlement.ts';
import { Settler } from './settler.ts';

/** A pass may read more than a page; it still ends well before a pass is too old. */
const queryTimeoutMs = 45_000;

const { clickhouseUrl, clickhouseSecret, pricesFile } = workerData as SettlementConfig;
const log = pino({ name: 'settlement', base: null });
const db = connectDb({ url: clickhouseUrl, secret: clickhouseSecret, queryTimeoutMs });
const writer = new SettlementWriter({ url: clickhouseUrl, secret: clickhouseSecret });
const settler = new Settler({ db, writer, book: loadPriceBook(pricesFile), log, owner: randomUUID() });

parentPort?.on('message', () => {
  settler.stop();
});
await settler.run();
await Promise.all([db.close(), writer.close()]);
parentPort?.close();
