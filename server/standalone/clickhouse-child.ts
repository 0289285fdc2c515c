/**
 * The process that is the embedded ClickHouse. It loads the library and calls its command-line entry, which returns
 * only when the server ends: that is when standard input closes, or when the parent that holds it dies.
 * Arguments: path of the library, then those of `clickhouse local`.
 *
 * ffi-rs calls on the thread's own stack, which the library needs; the call blocks this thread for good, so no signal
 * handler of JavaScript could ever run here: SIGTERM ends the process at once, which loses nothing acknowledged.
 */
import { flushCompileCache } from 'node:module';
import { DataType, load, open } from 'ffi-rs';

const [library = '', ...args] = process.argv.slice(2);
const argv = ['clickhouse', ...args];

flushCompileCache(); // the last moment for it
open({ library: 'chdb', path: library });
load({
  library: 'chdb',
  funcName: 'query_stable_v2',
  retType: DataType.External,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [argv.length, argv],
});
