import { serveStore } from './serve-store.ts';
import { openSqliteStore } from './sqlite-store.ts';

serveStore(openSqliteStore);
