#!/usr/bin/env node
// Plain JavaScript that any Node can read: an old one gets a sentence instead of a syntax error.
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const needed = 26;
if (Number(process.versions.node.split('.')[0]) < needed) {
  console.error(
    `sightglass: Node ${needed} or newer is needed, this is ${process.version}; "npm install" brings it and "npm start" uses it (with install scripts switched off: "npm rebuild node")`,
  );
  process.exit(1);
}
module.enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/sightglass', import.meta.url)));
const { runCli } = await import('./cli.ts').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND' || !/package '/.test(error.message)) throw error;
  console.error(`sightglass: ${error.message.split(' imported from')[0]}: run "npm install" first`);
  process.exit(1);
});
process.exitCode = await runCli(process.argv.slice(2));
process.exit();
