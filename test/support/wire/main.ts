import { startWireServer } from './server.ts';

/**
 * A wire server as its own process, for load: every request gets the same paced reply.
 * `node test/support/wire/main.ts openai '{"text":"…","firstTokenMs":200,"gapMs":20}'` prints `{"url":"…"}` when it listens,
 * and ends with its standard input.
 */
const [protocol = 'openai', reply = '{}'] = process.argv.slice(2);
if (protocol !== 'openai' && protocol !== 'anthropic') {
  throw new Error(`unknown protocol ${protocol}, allowed: openai, anthropic`);
}
const script = JSON.parse(reply) as object;
const server = await startWireServer({ protocol, answer: () => script, keepsRequests: false });
console.log(JSON.stringify({ url: server.url }));
process.stdin.resume().once('end', () => process.exit(0));
