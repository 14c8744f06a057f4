/**
 * Derives `src/event/rules-table.ts`, the rules that `validate` and `repair` walk, from the zod schemas of
 * `src/event/model.ts`. The build runs it. Usage: npx tsx scripts/derive-rules.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { z } from 'zod';
import { eventDataSchemas, looseVisionEventSchema } from '../src/event/model';

export const RULES_TABLE = path.join(__dirname, '../src/event/rules-table.ts');

/** The text of the table, formatted as the rest of the sources is. */
export async function rulesTable(): Promise<string> {
  const tables = Object.entries(eventDataSchemas).map(([type, schema]) => [type, tableOf(schema)]);
  const source = `/**
 * The rules of a vision event as plain data, in JSON Schema and the words of \`SchemaHints\`.
 * Made by the build from \`model.ts\` (scripts/derive-rules.ts). Do not edit.
 */
import type { FieldSchema } from './rules';
import type { EventType } from './types';

export const EVENT_TABLE: FieldSchema = ${JSON.stringify(tableOf(looseVisionEventSchema))};

export const EVENT_DATA_TABLE: Readonly<Record<EventType, FieldSchema>> = ${JSON.stringify(Object.fromEntries(tables))};
`;
  return format(source, { ...(await resolveConfig(RULES_TABLE)), filepath: RULES_TABLE });
}

/** What the rules do not look at is left out: every text has at least one character, every other field is unknown. */
const UNUSED = new Set(['$schema', 'minLength', 'additionalProperties', 'propertyNames']);

function tableOf(schema: z.ZodType): unknown {
  // A refinement without a word in JSON Schema is one that the rules know by `SchemaHints` or by a check of their own.
  return withoutUnused(z.toJSONSchema(schema, { unrepresentable: 'any', reused: 'inline' }));
}

function withoutUnused(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUnused);
  if (typeof value !== 'object' || value === null) return value;
  const { properties, ...keywords } = value as { properties?: Record<string, unknown> };
  const kept = Object.entries(keywords).filter(
    ([name]) => !UNUSED.has(name) && !isClosingItems(keywords, name),
  );
  return {
    ...Object.fromEntries(kept.map(([name, nested]) => [name, withoutUnused(nested)])),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, field]) => [name, withoutUnused(field)]),
      ),
    }),
  };
}

/** `items: false` and the counts behind `prefixItems`, whose number says it all. */
function isClosingItems(keywords: object, name: string): boolean {
  return 'prefixItems' in keywords && ['items', 'minItems', 'maxItems'].includes(name);
}

async function main(): Promise<void> {
  const derived = await rulesTable();
  if (derived !== readFileSync(RULES_TABLE, 'utf8')) writeFileSync(RULES_TABLE, derived);
}

if (require.main === module) void main();
