import { makeJsonTree } from './json-tree';
import { adminError, makeElement } from './live';

/** A whole event, folded; it is asked for, and drawn, when it is opened for the first time. */
export function makeEventView(label: string, load: () => unknown): HTMLDetailsElement {
  const summary = makeElement('summary', {}, label);
  const view = makeElement('details', { class: 'vision-event-part' }, summary);
  let isFilled = false;
  const fill = async () => {
    isFilled = true;
    try {
      view.replaceChildren(summary, makeJsonTree(await load()));
    } catch (error) {
      isFilled = false;
      view.replaceChildren(summary, makeElement('p', {}, adminError(error).message));
    }
  };
  view.addEventListener('toggle', () => {
    if (view.open && !isFilled) void fill();
  });
  return view;
}
