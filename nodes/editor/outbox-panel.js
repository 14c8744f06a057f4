/* global visionEventElement, visionEventButton, visionEventSureButton, visionEventSay, visionEventRefusedEvents */
/**
 * What the outbox of a workspace holds and does, live while its section is open, and the buttons that command it.
 *
 * @param {{t: Function}} form what `visionEventForm` answered
 * @param {object} admin what `visionEventAdmin` answered
 * @param {string} selector of the section
 */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventOutboxPanel(form, admin, selector) {
  const { t } = form;
  const ASK_EVERY_MS = 2000;
  const MINUTE = 60;
  const HOUR = 60 * MINUTE;
  const DAY = 24 * HOUR;

  let node;
  let section;
  let polling;
  /** requests that wait for their answer */
  let underWay = 0;
  /** the number of the last request; the answers to earlier ones are out of date */
  let latest = 0;
  let refusedCount = 0;
  let parts;

  /** Call in `oneditprepare`. */
  function prepare(editedNode) {
    node = editedNode;
    section = document.querySelector(selector);
    const note = () =>
      visionEventElement('p', { class: 'vision-event-note vision-event-lead', 'aria-live': 'polite' });
    parts = {
      message: note(),
      facts: makeFacts(),
      buttons: visionEventElement('div', { class: 'vision-event-buttons', hidden: 'hidden' }),
      outcome: note(),
      refused: visionEventRefusedEvents(t, admin.mayWrite(), (id, command) =>
        give(`refused/${id}/${command}`),
      ),
    };
    parts.commands = {
      pause: command('pause', t('outbox.pause'), 'fa fa-pause'),
      resume: command('resume', t('outbox.resume'), 'fa fa-play'),
      flush: command('flush', t('outbox.flush'), 'fa fa-bolt'),
      retry: command('retry-refused', t('outbox.retryRefused'), 'fa fa-repeat'),
    };
    parts.discard = visionEventSureButton(t('outbox.discardRefused'), 'fa fa-trash', discardQuestion, () =>
      give('discard-refused'),
    );
    parts.buttons.append(...Object.values(parts.commands), parts.discard.button);
    const facts = parts.facts.flatMap(({ term, value }) => [term, value]);
    section
      .querySelector('.vision-event-body')
      .replaceChildren(
        parts.message,
        visionEventElement('dl', { class: 'vision-event-numbers' }, facts),
        parts.buttons,
        parts.outcome,
        parts.refused.element,
      );
    section.addEventListener('toggle', onToggle);
  }

  /** Call in `oneditsave`, `oneditcancel` and `oneditdelete`. */
  function close() {
    clearInterval(polling);
    polling = undefined;
    section = undefined;
    latest += 1;
  }

  function onToggle() {
    clearInterval(polling);
    polling = section?.open ? setInterval(look, ASK_EVERY_MS) : undefined;
    if (section?.open) look();
  }

  const path = () => `workspaces/${encodeURIComponent(node.id)}/outbox`;

  /** A slow answer is waited for, not asked for twice; nor is the state while a command is under way that answers it too. */
  function look() {
    if (underWay === 0) shown(admin.get(path()), parts.message);
  }

  /** @param {string} command below the outbox's address */
  async function give(command) {
    visionEventSay(parts.outcome, '');
    const state = await shown(admin.post(`${path()}/${command}`), parts.outcome);
    if (state?.count === 0) visionEventSay(parts.outcome, t('outbox.gone'));
  }

  /**
   * Shows the state that is answered, or why there is none.
   *
   * @returns the state, or undefined
   */
  async function shown(answer, placeOfRefusal) {
    latest += 1;
    underWay += 1;
    const own = latest;
    try {
      const state = await answer;
      if (own !== latest) return undefined;
      show(state);
      return state;
    } catch ({ code, message }) {
      if (own !== latest) return undefined;
      visionEventSay(placeOfRefusal, code === 'NOT_DEPLOYED' ? t('outbox.notDeployed') : message);
      return undefined;
    } finally {
      underWay -= 1;
    }
  }

  function command(name, text, icon) {
    return visionEventButton(text, icon, () => give(name));
  }

  const discardQuestion = () =>
    refusedCount === 1 ? t('outbox.discardOneSure') : t('outbox.discardSure', { n: refusedCount });

  function show(state) {
    const hadFocus = holdsFocus();
    visionEventSay(parts.message, messageOf(state));
    showFacts(state);
    showButtons(state);
    parts.refused.show(state);
    // What had it may be hidden or gone; the keyboard would start anew at the top of the page.
    if (hadFocus && !holdsFocus()) section.querySelector('summary').focus();
  }

  function holdsFocus() {
    const focused = document.activeElement;
    return section.contains(focused) && focused.getClientRects().length > 0;
  }

  function messageOf({ open, lastError }) {
    if (!open) return lastError ? '' : t('outbox.closed');
    return admin.mayWrite() ? '' : t('outbox.readOnly');
  }

  const given = (value, text) => (value === undefined || value === null ? undefined : text(value));

  /** Names and texts of what the panel tells; the text is undefined when there is nothing to tell. */
  const FACTS = [
    [() => t('outbox.state'), ({ state }) => STATES[state]?.() ?? state],
    [
      () => t('outbox.events'),
      ({ events, bytes }) =>
        given(bytes, () => t('outbox.eventsAndSize', { events, size: bytesText(bytes) })),
    ],
    [() => t('outbox.oldest'), ({ oldestAgeMs }) => given(oldestAgeMs, duration)],
    [() => t('outbox.nextAttempt'), ({ nextAttemptMs }) => given(nextAttemptMs, untilText)],
    [() => t('outbox.delivered'), ({ delivered }) => given(delivered, String)],
    [() => t('outbox.refused'), ({ refused }) => given(refused, String)],
    [() => t('outbox.dropped'), ({ dropped }) => (dropped > 0 ? String(dropped) : undefined)],
    [() => t('outbox.lastError'), ({ lastError }) => lastError && errorText(lastError)],
    [() => t('outbox.folder'), ({ folder }) => folder],
    [() => t('outbox.warning'), ({ forgets }) => given(forgets, forgetsText)],
  ];

  /** With its time: an error of last night is not an error of now. */
  function errorText({ message, at }) {
    return at === undefined ? message : `${new Date(at).toLocaleString()} – ${message}`;
  }

  const forgetsText = (kind) =>
    kind === 'overlay' ? t('outbox.inContainer') : t('outbox.inMemory', { kind });

  const STATES = {
    idle: () => t('outbox.idle'),
    delivering: () => t('outbox.delivering'),
    waiting: () => t('outbox.waiting'),
    paused: () => t('outbox.paused'),
  };

  function makeFacts() {
    return FACTS.map(([name, textOf]) => ({
      textOf,
      term: visionEventElement('dt', { hidden: 'hidden' }, name()),
      value: visionEventElement('dd', { hidden: 'hidden' }),
    }));
  }

  function showFacts(state) {
    for (const { textOf, term, value } of parts.facts) {
      const text = textOf(state);
      term.hidden = text === undefined;
      value.hidden = text === undefined;
      visionEventSay(value, text ?? '');
    }
  }

  function showButtons({ open, state, refused }) {
    const { pause, resume, flush, retry } = parts.commands;
    parts.buttons.hidden = !open || !admin.mayWrite();
    if (state === 'paused') swap(pause, resume);
    else swap(resume, pause);
    flush.hidden = state === 'paused';
    refusedCount = refused;
    retry.hidden = !refused;
    parts.discard.button.hidden = !refused;
    parts.discard.refresh();
  }

  /** The one in place of the other takes its focus over. */
  function swap(before, after) {
    const hadFocus = document.activeElement === before;
    after.hidden = false;
    before.hidden = true;
    if (hadFocus) after.focus();
  }

  function bytesText(bytes) {
    if (bytes < 1024) return `${bytes} B`;
    return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
  }

  function untilText(ms) {
    return ms > 0 ? t('outbox.inSeconds', { n: Math.ceil(ms / 1000) }) : t('outbox.now');
  }

  function duration(ms) {
    const seconds = Math.round(ms / 1000);
    if (seconds < 2 * MINUTE) return t('outbox.seconds', { n: seconds });
    if (seconds < 2 * HOUR) return t('outbox.minutes', { n: Math.round(seconds / MINUTE) });
    if (seconds < 2 * DAY) return t('outbox.hours', { n: Math.round(seconds / HOUR) });
    return t('outbox.days', { n: Math.round(seconds / DAY) });
  }

  return { prepare, close };
}
