import type { Node, NodeAPI } from 'node-red';
import { MAX_IDENTIFIER_LENGTH } from '../../src/event/limits';
import type { QueryFilterRow, QueryFilterSubject, VisionEventQueryProperties } from '../properties';
import { fieldLabels, type LabelOf } from './field-label';
import type { FlowMessage } from './guarded-input';
import { queryTime } from './query-time';
import { neededText, wrongInput } from './text-input';
import { typedInput, type Evaluate } from './typed-input';

type Scalar = string | number | boolean;

/** What one message asks for. */
export interface Query {
  /** the body of "Query Vision Events" without `limit` and `cursor` */
  filters: Record<string, unknown>;
  /** Infinity: all */
  limit: number;
  /** ISO 8601; undefined: from the beginning */
  startTime?: string;
}

interface Filter {
  row: QueryFilterRow;
  evaluate: Evaluate;
}

/** Filters that the API takes as an object `{operator, value}` under their own name: one of each. */
const ID_SUBJECTS = ['deviceId', 'streamId', 'workflowId', 'externalId'] as const;

/** Filters that the API takes in lists, and the names of those. */
const FILTER_LISTS: Partial<Record<QueryFilterSubject, string>> = {
  eventField: 'eventFieldFilters',
  metadata: 'customMetadataFilters',
  imageMetadata: 'imageMetadataFilters',
};

/** All inputs of one `vision-event-query` node, prepared once. */
export class QueryInputs {
  private readonly useCase: Evaluate;
  private readonly startTime: Evaluate;
  private readonly endTime: Evaluate;
  private readonly filters: Filter[];
  private readonly eventTypes: string[];
  private readonly labelOf: LabelOf;

  constructor(
    RED: NodeAPI,
    node: Node,
    private readonly config: VisionEventQueryProperties,
  ) {
    this.useCase = typedInput(RED, node, 'useCase', config.useCase, config.useCaseType || 'str');
    this.startTime = typedInput(RED, node, 'startTime', config.startTime, config.startTimeType || 'str');
    this.endTime = typedInput(RED, node, 'endTime', config.endTime, config.endTimeType || 'str');
    this.labelOf = fieldLabels(RED, node.type);
    this.eventTypes = listOf(config.eventTypes);
    const rows = Array.isArray(config.filters) ? config.filters : [];
    this.filters = rows.map((row) => ({
      row,
      evaluate: typedInput(RED, node, nameOf(row), row.value, row.valueType || 'str'),
    }));
  }

  /**
   * @param now epoch milliseconds that relative times count from
   * @throws FlowError `EVENT_INVALID` when something cannot be used. A filter without a value is an error too: without it the
   * answer would hold events that nobody asked for.
   */
  async evaluate(message: FlowMessage, now: number): Promise<Query> {
    const useCaseId = neededText(this.labelOf('useCase'), await this.useCase(message), MAX_IDENTIFIER_LENGTH);
    const startTime = queryTime(this.labelOf('startTime'), await this.startTime(message), now);
    const endTime = queryTime(this.labelOf('endTime'), await this.endTime(message), now);
    if (startTime !== undefined && endTime !== undefined && startTime > endTime) {
      throw wrongInput(
        this.labelOf('startTime'),
        `The start ${startTime} lies after the end ${endTime}: no event can match.`,
      );
    }
    return {
      filters: {
        useCaseId,
        ...(startTime !== undefined && { startTime }),
        ...(endTime !== undefined && { endTime }),
        ...(this.eventTypes.length > 0 && { eventTypes: this.eventTypes }),
        ...(await this.rows(message)),
      },
      limit: limitOf(this.config.limit),
      startTime,
    };
  }

  private async rows(message: FlowMessage): Promise<Record<string, unknown>> {
    const body: Record<string, unknown> = {};
    for (const { row, evaluate } of this.filters) {
      const { operator } = row;
      const value = scalarOf(row, await evaluate(message));
      if (isIdSubject(row.on)) {
        if (row.on in body) {
          throw wrongInput(row.on, `There are two filters on "${row.on}"; the API takes one.`);
        }
        body[row.on] = { operator, value: String(value) };
      } else {
        const list = FILTER_LISTS[row.on];
        if (!list) throw wrongInput('filters', `There is no filter on "${String(row.on)}".`);
        const filter =
          row.on === 'eventField'
            ? { column: fieldOf(row), operator, value }
            : { field: fieldOf(row), operator, value, type: typeof value };
        body[list] = [...((body[list] as object[] | undefined) ?? []), filter];
      }
    }
    return body;
  }
}

function isIdSubject(on: QueryFilterSubject): on is (typeof ID_SUBJECTS)[number] {
  return (ID_SUBJECTS as readonly string[]).includes(on);
}

function nameOf({ on, field }: QueryFilterRow): string {
  return isIdSubject(on) ? `filter ${on}` : `filter ${on} "${field}"`;
}

function fieldOf(row: QueryFilterRow): string {
  const field = (row.field ?? '').trim();
  if (field !== '') return field;
  throw wrongInput(`filter ${row.on}`, `A filter on "${row.on}" lacks the name of its field.`);
}

function scalarOf(row: QueryFilterRow, value: unknown): Scalar {
  if (value !== '' && (typeof value === 'string' || typeof value === 'boolean')) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const found =
    value === undefined || value === '' ? 'has no value' : 'has a value that is no text, number or boolean';
  throw wrongInput(
    nameOf(row),
    `The ${nameOf(row)} ${found}. Enter one, or check where it comes from; the query was not sent without it.`,
  );
}

function listOf(commaSeparated: unknown): string[] {
  const text = typeof commaSeparated === 'string' ? commaSeparated : '';
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** An older flow lacks the property; one made by hand may hold a number. */
function limitOf(value: string | number | undefined): number {
  const text = String(value ?? '').trim();
  if (text === '') return Infinity;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit > 0) return limit;
  throw wrongInput('limit', `The limit "${text}" is no whole number of events. Leave it empty to read all.`);
}
