import { errorText } from '../../editor/error-text';
import { makeEventView } from '../../editor/event-view';
import type { Text } from '../../editor/form';
import { makeButton, makeElement, setText } from '../../editor/live';
import { createSureButton } from './sure-button';

export interface RefusedEvent {
  /** of the outbox */
  id: string;
  eventId?: string;
  code: string;
  reason: string;
  /** epoch milliseconds; 0 when it is not known */
  refusedAt: number;
}

export interface RefusedState {
  /** how many there are, of which not all are told */
  refused?: number;
  refusedEvents?: RefusedEvent[];
}

type Command = 'retry' | 'discard';

/** Its event cannot be read. */
const DAMAGED = 'LETTER_DAMAGED';

/** The same events may be listed twice, in a dialog and in the sidebar. */
let lists = 0;

/**
 * The list of refused events. As long as an event is refused its row is the same element: whoever has the focus there,
 * or a button half pressed, keeps it.
 *
 * @param mayOrder false leaves out the buttons
 */
export function createRefusedEvents(
  t: Text,
  mayOrder: boolean,
  {
    order,
    eventOf,
  }: {
    order: (id: string, command: Command) => Promise<void>;
    eventOf: (id: string) => Promise<unknown>;
  },
) {
  const prefix = `vision-event-refused-${++lists}`;
  const rows = new Map<string, HTMLElement>();
  const list = makeElement('ul');
  const more = makeElement('p');
  const title = makeElement('h4', {}, t('outbox.refusedList'));
  const element = makeElement('div', { class: 'vision-event-entries', hidden: 'hidden' }, title, list, more);

  function show({ refused = 0, refusedEvents = [] }: RefusedState) {
    // What was refused a second time has the same id, but another time and perhaps another reason.
    const events = new Map(refusedEvents.map((event) => [`${event.id} ${event.refusedAt}`, event]));
    for (const [key, row] of rows) {
      if (events.has(key)) continue;
      rows.delete(key);
      removeRow(row);
    }
    for (const [key, event] of events) {
      if (rows.has(key)) continue;
      const row = makeRow(event);
      rows.set(key, row);
      // The list is told oldest first, so what is new belongs at its end.
      list.append(row);
    }
    element.hidden = rows.size === 0;
    setText(more, refused > rows.size ? t('outbox.refusedMore', { n: rows.size }) : '');
  }

  /** The focus goes to a neighbour, but not to its buttons: the next press was meant for the row that is gone. */
  function removeRow(row: HTMLElement) {
    const hadFocus = row.contains(document.activeElement);
    const neighbour = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    if (hadFocus) (neighbour as HTMLElement | null)?.focus();
  }

  function makeRow({ id, eventId, code, reason, refusedAt }: RefusedEvent): HTMLElement {
    const name = makeElement('code', { id: `${prefix}-${id}` }, eventId || id);
    return makeElement(
      'li',
      { tabindex: -1 },
      makeElement(
        'div',
        {},
        refusedAt > 0 && makeElement('time', {}, new Date(refusedAt).toLocaleString(), ' '),
        name,
        makeElement('p', {}, errorText({ code, message: reason })),
        code !== DAMAGED && makeEventView(t('sidebar.showEvent'), () => eventOf(id)),
      ),
      mayOrder && makeElement('div', { class: 'vision-event-buttons' }, buttonsOf(id, code, name)),
    );
  }

  function buttonsOf(id: string, code: string, name: HTMLElement): HTMLButtonElement[] {
    let isUnderWay = false;
    const give = async (command: Command) => {
      if (isUnderWay) return;
      isUnderWay = true;
      await order(id, command);
      isUnderWay = false;
    };
    const retry = makeButton(t('outbox.retryOne'), 'fa fa-repeat', () => give('retry'));
    const discard = createSureButton(
      t('outbox.discardOne'),
      'fa fa-trash',
      () => t('outbox.discardOneSure'),
      () => void give('discard'),
    ).button;
    // What is damaged on the disk cannot be sent again.
    const buttons: Partial<Record<Command, HTMLButtonElement>> =
      code === DAMAGED ? { discard } : { retry, discard };
    for (const [command, button] of Object.entries(buttons)) {
      button.id = `${name.id}-${command}`;
      button.setAttribute('aria-labelledby', `${button.id} ${name.id}`);
    }
    return Object.values(buttons);
  }

  return { element, show };
}
