import { makeButton, makeElement } from '../../editor/live';
import { wayText, type Way } from './way';

/** Rows of a list look alike: the first tell what the others are. */
const MAX_ELEMENTS = 3;
/** Of a row that is a list, each value is a field of its own. */
const MAX_FIELDS = 20;
const MAX_DEPTH = 12;
const MAX_TEXT = 60;

/**
 * A payload as a tree of buttons, by mouse and by Tab and Enter, from text only.
 *
 * @param pick called with what was pressed
 * @param isMarked whether a value is part of the mapping already
 */
export function makePayloadTree(
  payload: unknown,
  pick: (way: Way, value: unknown) => void,
  isMarked: (way: Way) => boolean,
): HTMLElement {
  const item = (value: unknown, way: Way): HTMLElement => {
    const button = makeButton(textOf(value, way.at(-1)), '', () => pick(way, value));
    button.dataset['way'] = wayText(way);
    button.classList.toggle('vision-event-marked', isMarked(way));
    return makeElement('li', {}, button, branch(value, way));
  };
  const branch = (value: unknown, way: Way): HTMLElement | undefined => {
    if (typeof value !== 'object' || value === null || way.length >= MAX_DEPTH) return undefined;
    const isRow = Array.isArray(value) && value.every((one) => typeof one !== 'object');
    const inner: [string | number, unknown][] = Array.isArray(value)
      ? value.slice(0, isRow ? MAX_FIELDS : MAX_ELEMENTS).map((one, place): [number, unknown] => [place, one])
      : Object.entries(value as Record<string, unknown>);
    const more = Array.isArray(value) && value.length > inner.length;
    return makeElement(
      'ul',
      {},
      inner.map(([key, one]) => item(one, [...way, key])),
      more && makeElement('li', {}, '…'),
    );
  };
  return makeElement('ul', { class: 'vision-event-tree' }, item(payload, []));
}

function textOf(value: unknown, key: string | number | undefined): string {
  const name = key === undefined ? 'payload' : String(key);
  if (Array.isArray(value)) return `${name} [${value.length}]`;
  if (typeof value === 'object' && value !== null) return `${name} {${Object.keys(value).length}}`;
  const text = JSON.stringify(value) ?? '';
  return `${name}: ${text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text}`;
}
