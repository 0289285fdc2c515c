/**
 * Who may import whom. The folders are the data path; an arrow that is not listed as allowed is an
 * error. An exception goes into `debt`, with its reason.
 */

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const debt = [];

const clickhouseClient = '(^|/)node_modules/@clickhouse/';
const pure = '^(server/domain/|collector/map/|ui/trace/[^/]+\\.ts$)';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...debt,
    {
      name: 'no-cycles',
      comment: 'a component that draws a tree may draw itself',
      severity: 'error',
      from: { path: '^(.+)$' },
      to: { circular: true, pathNot: '^$1$' },
    },
    {
      name: 'resolvable',
      comment: '`/// <reference types="node" />` names types, not a module',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^node$' },
    },
    {
      name: 'nothing-imports-test',
      severity: 'error',
      from: { pathNot: '^(test/|[^/]+\\.config\\.(ts|js)$)' },
      to: { path: '^test/' },
    },
    {
      name: 'no-development-packages-in-programs',
      severity: 'error',
      from: { path: '^(server|collector|runtime|migrations|ui)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'type-only'] },
    },

    // Between programs
    {
      name: 'server-is-itself',
      comment: 'server → collector/map explains the mapping of a span; nothing else of the collector',
      severity: 'error',
      from: { path: '^server/' },
      to: { path: '^(collector|runtime|ui)/', pathNot: '^collector/map/' },
    },
    {
      name: 'collector-is-itself',
      severity: 'error',
      from: { path: '^collector/' },
      to: { path: '^(server|runtime|ui)/' },
    },
    {
      name: 'runtime-is-itself',
      comment: 'the runtime speaks OTLP and HTTP',
      severity: 'error',
      from: { path: '^runtime/' },
      to: { path: '^(server|collector|migrations|ui)/' },
    },
    {
      name: 'migrations-import-nothing-of-ours',
      severity: 'error',
      from: { path: '^migrations/' },
      to: { path: '^(server|collector|runtime|ui)/' },
    },
    {
      name: 'programs-know-the-schema-only',
      comment: 'the schema, and how its rows are encoded; only the one-machine start runs migrations',
      severity: 'error',
      from: { path: '^(server|collector)/', pathNot: '^server/standalone/' },
      to: { path: '^migrations/', pathNot: '^migrations/(schema|row-binary)\\.ts$' },
    },
    {
      name: 'ui-is-itself',
      severity: 'error',
      from: { path: '^ui/', pathNot: '^ui/api/' },
      to: { path: '^(server|collector|runtime|migrations)/' },
    },
    {
      name: 'ui-api-sees-the-contract',
      severity: 'error',
      from: { path: '^ui/api/' },
      to: { path: '^(server|collector|runtime|migrations)/', pathNot: '^server/contract/' },
    },
    {
      name: 'ui-api-sees-types-only',
      severity: 'error',
      from: { path: '^ui/api/' },
      to: { path: '^server/contract/', dependencyTypesNot: ['type-only'] },
    },

    // Inside the server: main → app → routes → queries, domain
    {
      name: 'contract-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^server/contract/' },
      to: { path: '^(server|collector|runtime|migrations|ui)/', pathNot: '^server/contract/' },
    },
    {
      name: 'main-is-the-top',
      severity: 'error',
      from: { path: '^(server|collector|runtime)/' },
      to: { path: '^(server|collector|runtime)/main\\.ts$' },
    },
    {
      name: 'app-is-below-main-only',
      severity: 'error',
      from: { path: '^server/', pathNot: '^server/(main|app)\\.ts$' },
      to: { path: '^server/app\\.ts$' },
    },
    {
      name: 'routes-are-below-app-only',
      severity: 'error',
      from: { path: '^server/', pathNot: '^server/(app\\.ts$|routes/)' },
      to: { path: '^server/routes/' },
    },
    {
      name: 'queries-know-no-http',
      severity: 'error',
      from: { path: '^server/queries/' },
      to: { path: '^server/(routes|middleware|standalone)/|(^|/)node_modules/(@hono|hono)/' },
    },
    {
      name: 'standalone-stands-alone',
      comment: 'it starts programs as child processes and never enters one',
      severity: 'error',
      from: { path: '^server/', pathNot: '^server/standalone/' },
      to: { path: '^server/standalone/' },
    },

    // Pure code and the database
    {
      name: 'pure-code-does-no-io',
      comment: 'node:crypto stays allowed: a hash is arithmetic',
      severity: 'error',
      from: { path: pure },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer)$' },
    },
    {
      name: 'pure-code-imports-pure-code',
      severity: 'error',
      from: { path: '^server/domain/' },
      to: {
        path: '^(server|migrations)/',
        pathNot: '^(server/(domain|contract)/|migrations/schema\\.ts$)',
      },
    },
    {
      name: 'map-imports-pure-code',
      comment: 'what a decoded request looks like is a type of receive/',
      severity: 'error',
      from: { path: '^collector/map/' },
      to: { path: '^collector/(receive|write|main|app|config|cli)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'database-client-has-its-places',
      severity: 'error',
      from: {
        pathNot: '^(server/(main\\.ts$|queries/|standalone/)|collector/(main\\.ts$|write/)|migrations/|test/)',
      },
      to: { path: clickhouseClient },
    },

    // Inside the UI
    {
      name: 'trace-layout-does-no-io',
      comment: 'a .svelte.ts file holds state and may load; plain .ts in ui/trace is layout maths',
      severity: 'error',
      from: { path: '^ui/trace/[^/]+\\.ts$', pathNot: '\\.svelte\\.ts$' },
      to: { path: '^ui/(api|state|pages)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'components-know-no-api',
      severity: 'error',
      from: { path: '^ui/components/' },
      to: { path: '^ui/(api|pages|state)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'pages-are-the-top',
      severity: 'error',
      from: { path: '^ui/', pathNot: '^ui/(pages/|(App|Gate)\\.svelte$|main\\.ts$)' },
      to: { path: '^ui/pages/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(ui/dist|test/captures)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['svelte', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.svelte', '.js', '.mjs', '.json'],
    },
  },
};
