import type { Node, NodeAPI } from 'node-red';
import type { PagedQuery } from '../../src/api/query-pages';
import { MAX_IDENTIFIER_LENGTH } from '../../src/event/limits';
import type { QueryFilterRow, VisionEventQueryProperties } from '../shared/properties';
import { fieldLabels, type LabelOf } from '../shared/field-label';
import type { FlowMessage } from '../shared/guarded-input';
import { addFilter, filterName } from './filters';
import { queryTime } from './time';
import { neededText, wrongInput } from '../shared/text-input';
import { typedInput, type Evaluate } from '../shared/typed-input';

/** What one message asks for. */
export interface Query extends PagedQuery {
  /** ISO 8601; undefined: from the beginning */
  startTime?: string;
}

interface Filter {
  row: QueryFilterRow;
  evaluate: Evaluate;
}

/** All inputs of one `roboflow-vision-event-query` node, prepared once. */
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
      evaluate: typedInput(RED, node, filterName(row), row.value, row.valueType || 'str'),
    }));
  }

  /**
   * @param now epoch milliseconds that relative times count from
   * @throws FlowError `EVENT_INVALID` when something cannot be used. A filter without a value is an error too: without
   * it the answer would hold events that nobody asked for.
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
    for (const { row, evaluate } of this.filters) addFilter(body, row, await evaluate(message));
    return body;
  }
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
  throw wrongInput(
    'limit',
    `The limit "${text}" is not a whole number of events. Leave it empty to read all.`,
  );
}
