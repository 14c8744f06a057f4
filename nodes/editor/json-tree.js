/* global visionEventElement */
/**
 * A value as a tree that folds, from text only. What is folded is not built before it is opened: events may be large.
 *
 * @param {number} openLevels so many levels are open at first, unless they are long
 */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventJsonTree(value, openLevels = 2, key) {
  const LONG = 12;
  const MAX_SHOWN = 200;
  const label =
    key === undefined ? [] : [visionEventElement('span', { class: 'vision-event-json-key' }, `${key}: `)];
  if (typeof value !== 'object' || value === null) {
    const kind = value === null ? 'null' : typeof value;
    const text = visionEventElement(
      'span',
      { class: `vision-event-json-${kind}` },
      JSON.stringify(value) ?? '',
    );
    return visionEventElement('div', { class: 'vision-event-json-leaf' }, label, text);
  }
  const entries = Object.entries(value);
  const size = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  const branch = visionEventElement(
    'details',
    { class: 'vision-event-json' },
    visionEventElement('summary', {}, label, size),
  );
  const fill = () => {
    if (branch.childElementCount > 1) return;
    const shown = entries.slice(0, MAX_SHOWN);
    branch.append(...shown.map(([name, inner]) => visionEventJsonTree(inner, openLevels - 1, name)));
    if (entries.length > shown.length) branch.append(visionEventElement('div', {}, '…'));
  };
  branch.addEventListener('toggle', fill);
  if (openLevels > 0 && entries.length <= LONG) {
    fill();
    branch.open = true;
  }
  return branch;
}
