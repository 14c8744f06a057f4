import {
  COMPARISON,
  EQUALITY,
  EVENT_COLUMNS,
  FEEDBACK_STATUSES,
  MEMBERSHIP,
  ORDER,
  type EventColumn,
} from '../../src/api/query';
import type { QueryFilterRow, QueryFilterSubject } from '../shared/properties';
import { wrongInput } from '../shared/text-input';

type Scalar = string | number | boolean;

/** How the API takes the filters on one subject: by name, or as entries of a list. */
interface Subject {
  /** the name in the body of "Query Vision Events" */
  name: string;
  /** as an entry of a list; otherwise there can be one of them */
  isListed?: boolean;
  operators?: readonly string[];
  /** @throws FlowError `EVENT_INVALID` */
  read(row: QueryFilterRow, value: unknown): unknown;
}

const id = (name: string): Subject => ({
  name,
  operators: EQUALITY,
  read: (row, value) => ({ operator: row.operator, value: String(scalarOf(row, value)) }),
});

const metadata = (name: string): Subject => ({
  name,
  isListed: true,
  operators: COMPARISON,
  read(row, given) {
    const value = scalarOf(row, given);
    return { field: fieldOf(row), operator: row.operator, value, type: typeof value };
  },
});

const SUBJECTS: Record<QueryFilterSubject, Subject> = {
  deviceId: id('deviceId'),
  streamId: id('streamId'),
  workflowId: id('workflowId'),
  externalId: id('externalId'),
  metadata: metadata('customMetadataFilters'),
  imageMetadata: metadata('imageMetadataFilters'),
  eventField: { name: 'eventFieldFilters', isListed: true, operators: COMPARISON, read: columnFilter },
  detection: { name: 'detection', operators: MEMBERSHIP, read: detectionFilter },
  imageCount: {
    name: 'imageCount',
    operators: COMPARISON,
    read: (row, value) => ({ operator: row.operator, value: countOf(row, value) }),
  },
  hasWarnings: { name: 'hasWarnings', read: flagOf },
  feedbackStatus: { name: 'feedbackStatus', read: feedbackOf },
};

/**
 * Puts one filter into the body of a query.
 *
 * @throws FlowError `EVENT_INVALID` when the API would not take it, or when it has no value: without it the answer
 * would hold events that nobody asked for
 */
export function addFilter(body: Record<string, unknown>, row: QueryFilterRow, value: unknown): void {
  const subject = Object.hasOwn(SUBJECTS, row.on) ? SUBJECTS[row.on] : undefined;
  if (!subject)
    throw wrongInput('filters', `There is no filter on "${String(row.on)}". Choose another in the row.`);
  if (subject.operators && !subject.operators.includes(row.operator)) {
    throw wrongInput(
      row.on,
      `The ${filterName(row)} cannot compare by "${String(row.operator)}". Choose ${subject.operators.join(', ')}.`,
    );
  }
  if (!subject.isListed && subject.name in body) {
    throw wrongInput(
      row.on,
      `There are two filters on "${row.on}"; the API takes one. Remove the other row.`,
    );
  }
  const filter = subject.read(row, value);
  body[subject.name] = subject.isListed
    ? [...((body[subject.name] as unknown[] | undefined) ?? []), filter]
    : filter;
}

/** How error texts call a filter. */
export function filterName({ on, field }: QueryFilterRow): string {
  return field ? `filter ${on} "${field}"` : `filter ${on}`;
}

function fieldOf(row: QueryFilterRow): string {
  const field = (row.field ?? '').trim();
  if (field !== '') return field;
  throw wrongInput(
    `filter ${row.on}`,
    `A filter on "${row.on}" lacks the name of its field. Enter it in the row.`,
  );
}

function scalarOf(row: QueryFilterRow, value: unknown): Scalar {
  if (value !== '' && (typeof value === 'string' || typeof value === 'boolean')) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw value === undefined || value === ''
    ? withoutValue(row)
    : wrongValue(row, 'has a value that is neither text, number nor boolean');
}

function columnFilter(row: QueryFilterRow, given: unknown): object {
  const column = fieldOf(row) as EventColumn;
  if (!EVENT_COLUMNS.includes(column)) {
    throw wrongInput(
      filterName(row),
      `There is no event field "${column}" to filter by. Choose one of ${EVENT_COLUMNS.join(', ')}.`,
    );
  }
  const value = column === 'item_count' ? numberOf(row, given) : String(scalarOf(row, given));
  return { column, operator: row.operator, value };
}

function detectionFilter(row: QueryFilterRow, value: unknown): object {
  const { operator } = row;
  const classes =
    operator === 'in' || operator === 'not_in' ? listOf(row, value) : String(scalarOf(row, value));
  const confidence = confidenceOf(row);
  return { operator, value: classes, ...(confidence && { confidence }) };
}

function confidenceOf(row: QueryFilterRow): object | undefined {
  const text = String(row.confidence ?? '').trim();
  if (text === '') return undefined;
  const operator = row.confidenceOperator ?? 'gte';
  const value = Number(text);
  if (value >= 0 && value <= 1 && (ORDER as readonly string[]).includes(operator)) return { operator, value };
  throw wrongValue(row, `has the confidence ${operator} ${text}, which is none from 0 to 1`);
}

/** Texts from a message, or comma separated. */
function listOf(row: QueryFilterRow, value: unknown): string[] {
  const parts: unknown[] = Array.isArray(value) ? value : String(scalarOf(row, value)).split(',');
  const texts: string[] = [];
  // Not `map`, which passes over entries that are not there: a list may have billions of them.
  for (const part of parts) {
    const text = String(scalarOf(row, part)).trim();
    if (text !== '') texts.push(text);
  }
  if (texts.length === 0) throw withoutValue(row);
  return texts;
}

function numberOf(row: QueryFilterRow, given: unknown): number {
  const value = scalarOf(row, given);
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw wrongValue(row, 'has a value that is not a number');
}

function countOf(row: QueryFilterRow, given: unknown): number {
  const count = numberOf(row, given);
  if (Number.isInteger(count) && count >= 0) return count;
  throw wrongValue(row, 'has a value that is not a number of pictures');
}

function flagOf(row: QueryFilterRow, given: unknown): boolean {
  const value = scalarOf(row, given);
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw wrongValue(row, 'has a value that is neither true nor false');
}

function feedbackOf(row: QueryFilterRow, given: unknown): string[] {
  const statuses = listOf(row, given);
  const unknown = statuses.find((status) => !(FEEDBACK_STATUSES as readonly string[]).includes(status));
  if (unknown === undefined) return statuses;
  throw wrongValue(row, `has the value "${unknown}", which is none of ${FEEDBACK_STATUSES.join(', ')}`);
}

const withoutValue = (row: QueryFilterRow) => wrongValue(row, 'has no value');

const wrongValue = (row: QueryFilterRow, found: string) =>
  wrongInput(
    filterName(row),
    `The ${filterName(row)} ${found}. Enter one, or check where it comes from; the query was not sent without it.`,
  );
