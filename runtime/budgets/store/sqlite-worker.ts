import { serveStore } from '../../sessions/serve-store.ts';
import { openSqliteBudgets } from './sqlite-store.ts';

serveStore(openSqliteBudgets);
