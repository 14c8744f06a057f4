/* global visionEventElement, visionEventButton */
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
  let asking = false;
  let parts;

  /** Call in `oneditprepare`. */
  function prepare(editedNode) {
    node = editedNode;
    section = document.querySelector(selector);
    parts = {
      message: visionEventElement('p', {
        class: 'vision-event-note vision-event-lead',
        'aria-live': 'polite',
      }),
      facts: visionEventElement('dl', { class: 'vision-event-numbers' }),
      buttons: visionEventElement('div', { class: 'vision-event-buttons' }),
      refused: visionEventElement('div', { class: 'vision-event-refused' }),
    };
    parts.commands = {
      pause: command('pause', t('outbox.pause'), 'fa fa-pause'),
      resume: command('resume', t('outbox.resume'), 'fa fa-play'),
      flush: command('flush', t('outbox.flush'), 'fa fa-bolt'),
      retry: command('retry-refused', t('outbox.retryRefused'), 'fa fa-repeat'),
      discard: discardButton(),
    };
    parts.buttons.append(...Object.values(parts.commands));
    parts.buttons.hidden = true;
    const { message, facts, buttons, refused } = parts;
    section.querySelector('.vision-event-body').replaceChildren(message, facts, buttons, refused);
    section.addEventListener('toggle', onToggle);
  }

  /** Call in `oneditsave`, `oneditcancel` and `oneditdelete`. */
  function close() {
    clearInterval(polling);
    polling = undefined;
    section = undefined;
  }

  function onToggle() {
    clearInterval(polling);
    polling = section?.open ? setInterval(look, ASK_EVERY_MS) : undefined;
    if (section?.open) look();
  }

  const path = () => `workspaces/${encodeURIComponent(node.id)}/outbox`;

  /** A slow answer is waited for, not asked for twice. */
  async function look() {
    if (asking) return;
    asking = true;
    await shown(() => admin.get(path()));
    asking = false;
  }

  async function shown(ask) {
    try {
      const state = await ask();
      if (section) show(state);
    } catch ({ code, message }) {
      if (!section) return;
      parts.message.textContent = code === 'NOT_DEPLOYED' ? t('outbox.notDeployed') : message;
    }
  }

  function command(name, text, icon) {
    return visionEventButton(text, icon, () => shown(() => admin.post(`${path()}/${name}`)));
  }

  /** The first press asks, the second deletes; anything else takes the question back. */
  function discardButton() {
    const label = () => button.querySelector('span');
    const calm = () => {
      button.dataset.sure = '';
      label().textContent = t('outbox.discardRefused');
      button.classList.remove('vision-event-danger');
    };
    const button = visionEventButton(t('outbox.discardRefused'), 'fa fa-trash', () => {
      if (button.dataset.sure) {
        calm();
        shown(() => admin.post(`${path()}/discard-refused`));
        return;
      }
      button.dataset.sure = 'yes';
      label().textContent = t('outbox.discardSure', { n: button.dataset.count });
      button.classList.add('vision-event-danger');
    });
    button.addEventListener('blur', calm);
    return button;
  }

  function show(state) {
    parts.message.textContent = messageOf(state);
    parts.facts.replaceChildren(
      ...(state.open ? facts(state) : [fact(t('outbox.folder'), state.folder)]).flat(),
    );
    showButtons(state);
    showRefused(state);
  }

  function messageOf({ open }) {
    if (!open) return t('outbox.closed');
    return admin.mayWrite() ? '' : t('outbox.readOnly');
  }

  function facts(state) {
    const size = bytesText(state.bytes);
    return [
      fact(t('outbox.state'), STATES[state.state]?.() ?? state.state),
      fact(t('outbox.events'), t('outbox.eventsAndSize', { events: state.events, size })),
      state.oldestAgeMs === null ? [] : fact(t('outbox.oldest'), duration(state.oldestAgeMs)),
      state.nextAttemptMs === null
        ? []
        : fact(t('outbox.nextAttempt'), t('outbox.inSeconds', { n: Math.ceil(state.nextAttemptMs / 1000) })),
      fact(t('outbox.delivered'), state.delivered),
      fact(t('outbox.refused'), state.refused),
      state.lastError === null ? [] : fact(t('outbox.lastError'), state.lastError.message),
      fact(t('outbox.folder'), state.folder),
    ];
  }

  const STATES = {
    idle: () => t('outbox.idle'),
    delivering: () => t('outbox.delivering'),
    waiting: () => t('outbox.waiting'),
    paused: () => t('outbox.paused'),
  };

  const fact = (name, value) => [
    visionEventElement('dt', {}, name),
    visionEventElement('dd', {}, String(value)),
  ];

  function showButtons({ open, state, refused }) {
    const { pause, resume, flush, retry, discard } = parts.commands;
    parts.buttons.hidden = !open || !admin.mayWrite();
    pause.hidden = state === 'paused';
    resume.hidden = state !== 'paused';
    flush.disabled = state === 'paused';
    retry.hidden = !refused;
    discard.hidden = !refused;
    discard.dataset.count = refused;
  }

  function showRefused({ refused, refusedEvents = [] }) {
    const items = refusedEvents.map(({ eventId, reason, refusedAt }) =>
      visionEventElement(
        'li',
        {},
        visionEventElement('time', {}, new Date(refusedAt).toLocaleString()),
        ' ',
        visionEventElement('code', {}, eventId),
        visionEventElement('div', {}, reason),
      ),
    );
    const more = refused > items.length && t('outbox.refusedMore', { n: items.length });
    parts.refused.replaceChildren(
      ...(items.length === 0
        ? []
        : [
            visionEventElement('h4', {}, t('outbox.refusedList')),
            visionEventElement('ul', {}, items),
            more ? visionEventElement('p', {}, more) : '',
          ]),
    );
  }

  function bytesText(bytes) {
    if (bytes < 1024) return `${bytes} B`;
    return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
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
