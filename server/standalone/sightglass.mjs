#!/usr/bin/env node
// Plain JavaScript that any Node can read: an old one gets a sentence instead of a syntax error.
const needed = 26;
if (Number(process.versions.node.split('.')[0]) < needed) {
  console.error(
    `sightglass: Node ${needed} or newer is needed, this is ${process.version}. "npm install" brings it: use "npm start" or "npx sightglass", and if install scripts are switched off, run "npm rebuild node".`,
  );
  process.exit(1);
}
const { runCli } = await import('./cli.ts');
process.exit(await runCli(process.argv.slice(2)));
