import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

/** What reads the environment: each program's config and the machinery that starts programs and tests. */
const environmentReaders = ['**/config.ts', '*.config.ts', 'test/**'];
/** What prints for a person instead of logging. */
const printers = ['**/cli.ts', 'server/standalone/**', 'test/**', 'migrations/migrate.ts'];

const nodeOnly = {
  regex: '^node:',
  message: 'The UI runs in a browser.',
};

export default defineConfig(
  globalIgnores(['node_modules/', 'ui/dist/', 'coverage/', 'test-results/', '.sightglass/', 'test/captures/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' } },
  js.configs.recommended,
  ts.configs.strictTypeChecked,
  ts.configs.stylisticTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.node },
      parserOptions: { projectService: true, extraFileExtensions: ['.svelte'] },
    },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'The environment is read in config.ts.' },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-definitions': 'off', // `type` in the contract, `interface Props` in Svelte: both are house style
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', caughtErrors: 'all', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  { files: printers, rules: { 'no-console': 'off' } },
  { files: environmentReaders, rules: { 'no-restricted-properties': 'off' } },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    extends: [ts.configs.disableTypeChecked],
  },
  {
    files: ['ui/**/*.svelte', 'ui/**/*.svelte.ts', 'ui/**/*.ts'],
    languageOptions: { globals: { ...globals.browser } },
  },
  {
    files: ['ui/**/*.svelte', 'ui/**/*.svelte.ts', 'ui/**/*.svelte.js'],
    languageOptions: { parserOptions: { parser: ts.parser } },
    rules: {
      '@typescript-eslint/no-meaningless-void-operator': 'off', // `void x` in an effect depends on x
      'svelte/prefer-svelte-reactivity': 'off', // takes every local URL or Map for state; state here is `$state.raw` and replaced
    },
  },
  {
    // Who may import whom, for the UI: the import rules of .dependency-cruiser.js do not see
    // type-only imports of .svelte files, so the arrows stand here as well.
    files: ['ui/**/*.svelte', 'ui/**/*.ts'],
    ignores: ['ui/vite.config.ts', 'ui/svelte.config.ts', 'ui/api/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            nodeOnly,
            {
              regex: '(^|/)(server|collector|runtime|migrations|test)/',
              message: 'Only ui/api sees server/contract, and only its types.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['ui/api/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            nodeOnly,
            {
              regex: '(^|/)server/contract/',
              allowTypeImports: true,
              message: 'Only the types of server/contract reach the browser.',
            },
            {
              regex: '(^|/)(server/(?!contract/)|collector/|runtime/|migrations/|test/)',
              message: 'The UI knows the server by its contract only.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['ui/components/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '(^|/)(api|pages|state)/',
              allowTypeImports: true,
              message: 'Components are presentational: they know no URL and no API.',
            },
          ],
        },
      ],
    },
  },
);
