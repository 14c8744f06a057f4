import { makeElement } from './live';

/**
 * A value as a tree that folds, from text only. What is folded is not built before it is opened: events may be large.
 *
 * @param openLevels so many levels are open at first, unless they are long
 */
export function makeJsonTree(value: unknown, openLevels = 2, key?: string): HTMLElement {
  const LONG = 12;
  const MAX_SHOWN = 200;
  const label =
    key === undefined ? [] : [makeElement('span', { class: 'vision-event-json-key' }, `${key}: `)];
  if (typeof value !== 'object' || value === null) {
    const kind = value === null ? 'null' : typeof value;
    const text = makeElement('span', { class: `vision-event-json-${kind}` }, JSON.stringify(value) ?? '');
    return makeElement('div', { class: 'vision-event-json-leaf' }, label, text);
  }
  const entries = Object.entries<unknown>(value as Record<string, unknown>);
  const size = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  const branch = makeElement(
    'details',
    { class: 'vision-event-json' },
    makeElement('summary', {}, label, size),
  );
  const fill = () => {
    if (branch.childElementCount > 1) return;
    const shown = entries.slice(0, MAX_SHOWN);
    branch.append(...shown.map(([name, inner]) => makeJsonTree(inner, openLevels - 1, name)));
    if (entries.length > shown.length) branch.append(makeElement('div', {}, '…'));
  };
  branch.addEventListener('toggle', fill);
  if (openLevels > 0 && entries.length <= LONG) {
    fill();
    branch.open = true;
  }
  return branch;
}
