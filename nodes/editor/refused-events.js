/* global visionEventElement, visionEventButton, visionEventSureButton, visionEventSay */
/**
 * The list of refused events. As long as an event is refused its row is the same element: whoever has the focus there, or a button
 * half pressed, keeps it.
 *
 * @param {Function} t the texts
 * @param {boolean} mayOrder false leaves out the buttons
 * @param {(id: string, command: 'retry' | 'discard') => Promise<void>} order
 */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventRefusedEvents(t, mayOrder, order) {
  const rows = new Map();
  const list = visionEventElement('ul');
  const more = visionEventElement('p');
  const title = visionEventElement('h4', {}, t('outbox.refusedList'));
  const element = visionEventElement(
    'div',
    { class: 'vision-event-refused', hidden: 'hidden' },
    title,
    list,
    more,
  );

  function show({ refused, refusedEvents = [] }) {
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
    visionEventSay(more, refused > rows.size ? t('outbox.refusedMore', { n: rows.size }) : '');
  }

  /** The focus goes to a neighbour, but not to its buttons: the next press was meant for the row that is gone. */
  function removeRow(row) {
    const hadFocus = row.contains(document.activeElement);
    const neighbour = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    if (hadFocus) neighbour?.focus();
  }

  function makeRow({ id, eventId, code, reason, refusedAt }) {
    const name = visionEventElement('code', { id: `vision-event-refused-${id}` }, eventId || id);
    return visionEventElement(
      'li',
      { tabindex: -1 },
      visionEventElement(
        'div',
        {},
        refusedAt > 0 && visionEventElement('time', {}, new Date(refusedAt).toLocaleString(), ' '),
        name,
        visionEventElement('p', {}, reason),
      ),
      mayOrder && visionEventElement('div', { class: 'vision-event-buttons' }, buttonsOf(id, code, name)),
    );
  }

  function buttonsOf(id, code, name) {
    let isUnderWay = false;
    const give = async (command) => {
      if (isUnderWay) return;
      isUnderWay = true;
      await order(id, command);
      isUnderWay = false;
    };
    const retry = visionEventButton(t('outbox.retryOne'), 'fa fa-repeat', () => give('retry'));
    const discard = visionEventSureButton(
      t('outbox.discardOne'),
      'fa fa-trash',
      () => t('outbox.discardOneSure'),
      () => give('discard'),
    ).button;
    // What is damaged on the disk cannot be sent again.
    const buttons = code === 'LETTER_DAMAGED' ? { discard } : { retry, discard };
    for (const [command, button] of Object.entries(buttons)) {
      button.id = `${name.id}-${command}`;
      button.setAttribute('aria-labelledby', `${button.id} ${name.id}`);
    }
    return Object.values(buttons);
  }

  return { element, show };
}
