import js from '@eslint/js';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/** Functions that the generator of the examples puts behind the texts that call them. */
const SHARED_BY_EXAMPLES = ['gunzip', 'keepPicture', 'pngOf', 'readPng'];

const NODE_FOLDERS = ['vision-event', 'send', 'image', 'query', 'use-case', 'outbox', 'bundle', 'scene'];

export default tseslint.config(
  { ignores: ['**/dist/', 'node_modules/', '.demo/', '.cache/'] },
  js.configs.recommended,
  {
    // Of comments only: prettier wraps code. Lines that hold an address stay whole.
    rules: { 'max-len': ['error', { code: Infinity, comments: 120, ignoreUrls: true }] },
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.check.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-require-imports': ['error', { allowAsImport: true }],
      // names a type that is inferred from a schema
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    // What a node needs is loaded when it is built, what a dialog asks for when it asks: flows have few of the nodes.
    files: [
      'nodes/*/node.ts',
      'nodes/*/routes.ts',
      'nodes/workspace/admin-routes.ts',
      'nodes/workspace/delivery.ts',
      'nodes/workspace/make-outbox.ts',
      'nodes/workspace/metrics/route.ts',
    ],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    // the dialogs run in the browser
    files: ['nodes/editor/*.ts', 'nodes/*/dialog.ts', 'nodes/*/dialog/*.ts'],
    languageOptions: {
      parserOptions: { project: './tsconfig.editor.json', tsconfigRootDir: import.meta.dirname },
    },
    // A flow written by hand may hold anything; its text is only compared or shown.
    rules: { '@typescript-eslint/no-base-to-string': 'off' },
  },
  {
    files: ['src/event/**/*.ts', 'src/detections/**/*.ts', 'src/scene/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            'node:*',
            'fs',
            'http',
            'https',
            '**/api/*',
            '**/delivery/*',
            '**/nodes/*',
            '**/bundle/*',
            '**/images/picture',
            '**/images/from-*',
          ],
        },
      ],
    },
  },
  {
    // pure: time is passed in, and of the other rooms only types are known
    files: ['src/scene/**/*.ts'],
    rules: {
      'no-restricted-imports': 'off',
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^\\.\\./(event|detections)/', allowTypeImports: true },
            { regex: '^(?!\\./|\\.\\./(event|detections)/)' },
          ],
        },
      ],
      'no-restricted-globals': [
        'error',
        'setTimeout',
        'setInterval',
        'setImmediate',
        'process',
        'performance',
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now' },
        { object: 'Math', property: 'random' },
      ],
    },
  },
  {
    // what `detections` may use of `images`: the formats and their headers
    files: ['src/images/formats.ts', 'src/images/limits.ts', 'src/images/header/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: ['node:*', 'fs', '../*', '**/picture', '**/from-*'] }],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ImportDeclaration[source.value=/nodes\\u002F|^node-red/]',
          message: 'src never imports Node-RED or nodes/',
        },
      ],
    },
  },
  // nodes meet in `shared` and `workspace`, never in each other's folders
  ...[...NODE_FOLDERS, 'shared', 'workspace', 'editor'].map((folder) => ({
    files: [`nodes/${folder}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: NODE_FOLDERS.filter((other) => other !== folder).map((other) => `**/../${other}/**`) },
      ],
    },
  })),
  {
    files: ['test/**/*.ts', 'bench/**/*.ts', 'simulator/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    // the texts of function nodes: what Node-RED gives them is there, and they return
    files: ['scripts/examples/functions/*.js'],
    languageOptions: {
      sourceType: 'commonjs',
      parserOptions: { ecmaFeatures: { globalReturn: true } },
      globals: {
        ...Object.fromEntries(
          ['msg', 'node', 'flow', 'global', 'context', 'env', 'RED', ...SHARED_BY_EXAMPLES].map((name) => [
            name,
            'writable',
          ]),
        ),
        Buffer: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
      },
    },
    rules: { 'no-unused-vars': ['error', { varsIgnorePattern: `^(${SHARED_BY_EXAMPLES.join('|')})$` }] },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: globals.node },
  },
);
