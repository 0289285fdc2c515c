// Takes ports. Ends with 0 when a program listens on at least one of them and all that listen say they are alive, else with 1.
const answerLimitMs = 3_000;

async function ask(port) {
  try {
    const reply = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(answerLimitMs) });
    return reply.ok ? 'alive' : `answers HTTP ${reply.status}`;
  } catch (error) {
    return error.cause?.code === 'ECONNREFUSED' ? 'absent' : `does not answer (${error.cause?.code ?? error.name})`;
  }
}

const ports = process.argv.slice(2);
const states = await Promise.all(ports.map(ask));
process.stdout.write(`${ports.map((port, at) => `port ${port} ${states[at]}`).join(', ')}\n`);
const isHealthy = states.includes('alive') && states.every((state) => state === 'alive' || state === 'absent');
process.exit(isHealthy ? 0 : 1);
