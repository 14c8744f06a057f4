import type { Text } from '../../editor/form';
import { adminError, makeButton, makeElement, setText, type AdminRequests } from '../../editor/live';
import { createOutboxTexts, type LastError } from './outbox-texts';
import { createRefusedEvents, type RefusedState } from './refused-events';
import { createSureButton } from './sure-button';
import { createWorkers, type Worker } from './workers';

/** What the runtime tells of an outbox; of one that is closed only where it is and why it cannot be opened. */
export interface OutboxState extends RefusedState {
  open: boolean;
  folder?: string;
  lastError?: LastError | null;
  state?: string;
  events?: number;
  bytes?: number | null;
  oldestAgeMs?: number | null;
  nextAttemptMs?: number | null;
  delivered?: number | null;
  dropped?: number;
  /** the file system under it that is gone with the container or the power */
  forgets?: string | null;
  /** null when the outbox is this Node-RED's alone */
  workers?: Worker[] | null;
  pausedForAll?: boolean | null;
  /** of a command on one refused event: 0 when it was gone already */
  count?: number;
}

/** What the outbox of a workspace holds and does, live while its section is open, and the buttons that command it. */
export function createOutboxPanel(t: Text, admin: AdminRequests) {
  const { duration, bytesText, lastErrorText } = createOutboxTexts(t);
  const ASK_EVERY_MS = 2000;

  let workspaceId: string;
  let section: HTMLDetailsElement | undefined;
  let polling: ReturnType<typeof setInterval> | undefined;
  /** requests that wait for their answer */
  let underWay = 0;
  /** the number of the last request; the answers to earlier ones are out of date */
  let latest = 0;
  let refusedCount = 0;
  let parts: ReturnType<typeof makeParts>;

  /** Call in `oneditprepare`, or when the section was made. */
  function prepare(id: string, ownSection: HTMLDetailsElement) {
    workspaceId = id;
    section = ownSection;
    parts = makeParts();
    const facts = parts.facts.flatMap(({ term, value }) => [term, value]);
    section
      .querySelector('.vision-event-body')!
      .replaceChildren(
        parts.message,
        makeElement('dl', { class: 'vision-event-numbers' }, facts),
        parts.buttons,
        parts.outcome,
        parts.workers.element,
        parts.refused.element,
      );
    section.addEventListener('toggle', onToggle);
  }

  function makeParts() {
    const note = () =>
      makeElement('p', { class: 'vision-event-note vision-event-lead', 'aria-live': 'polite' });
    const commands = {
      pause: command('pause', t('outbox.pause'), 'fa fa-pause'),
      resume: command('resume', t('outbox.resume'), 'fa fa-play'),
      pauseAll: command('pause-all', t('outbox.pauseAll'), 'fa fa-pause-circle'),
      resumeAll: command('resume-all', t('outbox.resumeAll'), 'fa fa-play-circle'),
      flush: command('flush', t('outbox.flush'), 'fa fa-bolt'),
      retry: command('retry-refused', t('outbox.retryRefused'), 'fa fa-repeat'),
    };
    const discard = createSureButton(t('outbox.discardRefused'), 'fa fa-trash', discardQuestion, () => {
      void give('discard-refused');
    });
    return {
      message: note(),
      facts: makeFacts(),
      commands,
      discard,
      buttons: makeElement(
        'div',
        { class: 'vision-event-buttons', hidden: 'hidden' },
        Object.values(commands),
        discard.button,
      ),
      outcome: note(),
      workers: createWorkers(t, duration),
      refused: createRefusedEvents(t, admin.mayWrite(), {
        order: (id, name) => give(`refused/${id}/${name}`),
        eventOf: async (id) => (await admin.get<{ event: unknown }>(`${path()}/refused/${id}`)).event,
      }),
    };
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

  const path = () => `workspaces/${encodeURIComponent(workspaceId)}/outbox`;

  /**
   * A slow answer is waited for, not asked for twice; nor is the state while a command is under way that answers it
   * too.
   */
  function look() {
    if (underWay === 0) void shown(admin.get<OutboxState>(path()), parts.message);
  }

  /** @param command below the outbox's address */
  async function give(command: string): Promise<void> {
    setText(parts.outcome, '');
    const state = await shown(admin.post<OutboxState>(`${path()}/${command}`), parts.outcome);
    if (state?.count === 0) setText(parts.outcome, t('outbox.gone'));
  }

  /**
   * Shows the state that is answered, or why there is none.
   *
   * @returns the state, or undefined
   */
  async function shown(
    answer: Promise<OutboxState>,
    placeOfRefusal: HTMLElement,
  ): Promise<OutboxState | undefined> {
    latest += 1;
    underWay += 1;
    const own = latest;
    try {
      const state = await answer;
      if (own !== latest) return undefined;
      show(state);
      return state;
    } catch (error) {
      if (own !== latest) return undefined;
      const { code, message } = adminError(error);
      setText(placeOfRefusal, code === 'NOT_DEPLOYED' ? t('outbox.notDeployed') : message);
      return undefined;
    } finally {
      underWay -= 1;
    }
  }

  function command(name: string, text: string, icon: string): HTMLButtonElement {
    return makeButton(text, icon, () => give(name));
  }

  const discardQuestion = () =>
    refusedCount === 1 ? t('outbox.discardOneSure') : t('outbox.discardSure', { n: refusedCount });

  function show(state: OutboxState) {
    const hadFocus = holdsFocus();
    setText(parts.message, messageOf(state));
    showFacts(state);
    showButtons(state);
    parts.workers.show(state.workers ?? []);
    parts.refused.show(state);
    // What had it may be hidden or gone; the keyboard would start anew at the top of the page.
    if (hadFocus && !holdsFocus()) section?.querySelector('summary')?.focus();
  }

  function holdsFocus(): boolean {
    const focused = document.activeElement;
    return focused !== null && section?.contains(focused) === true && focused.getClientRects().length > 0;
  }

  function messageOf({ open, lastError, pausedForAll }: OutboxState): string {
    if (!open) return lastError ? '' : t('outbox.closed');
    if (pausedForAll) return t('outbox.pausedForAll');
    return admin.mayWrite() ? '' : t('outbox.readOnly');
  }

  const given = <Value>(value: Value | null | undefined, text: (value: Value) => string) =>
    value === undefined || value === null ? undefined : text(value);

  /** Names and texts of what the panel tells; the text is undefined when there is nothing to tell. */
  const FACTS: [() => string, (state: OutboxState) => string | undefined][] = [
    [
      () => t('outbox.state'),
      ({ state }) => (state === undefined ? undefined : (STATES[state]?.() ?? state)),
    ],
    [
      () => t('outbox.events'),
      ({ events, bytes }) =>
        given(bytes, (known) => t('outbox.eventsAndSize', { events, size: bytesText(known) })),
    ],
    [() => t('outbox.oldest'), ({ oldestAgeMs }) => given(oldestAgeMs, duration)],
    [() => t('outbox.nextAttempt'), ({ nextAttemptMs }) => given(nextAttemptMs, untilText)],
    [() => t('outbox.delivered'), ({ delivered }) => given(delivered, String)],
    [() => t('outbox.refused'), ({ refused }) => given(refused, String)],
    [() => t('outbox.dropped'), ({ dropped = 0 }) => (dropped > 0 ? String(dropped) : undefined)],
    [() => t('outbox.lastError'), ({ lastError }) => given(lastError, lastErrorText)],
    [() => t('outbox.folder'), ({ folder }) => folder],
    [() => t('outbox.warning'), ({ forgets }) => given(forgets, forgetsText)],
  ];

  const forgetsText = (kind: string) =>
    kind === 'overlay' ? t('outbox.inContainer') : t('outbox.inMemory', { kind });

  const STATES: Partial<Record<string, () => string>> = {
    idle: () => t('outbox.idle'),
    delivering: () => t('outbox.delivering'),
    waiting: () => t('outbox.waiting'),
    paused: () => t('outbox.paused'),
  };

  function makeFacts() {
    return FACTS.map(([name, textOf]) => ({
      textOf,
      term: makeElement('dt', { hidden: 'hidden' }, name()),
      value: makeElement('dd', { hidden: 'hidden' }),
    }));
  }

  function showFacts(state: OutboxState) {
    for (const { textOf, term, value } of parts.facts) {
      const text = textOf(state);
      term.hidden = text === undefined;
      value.hidden = text === undefined;
      setText(value, text ?? '');
    }
  }

  function showButtons({ open, state, refused = 0, workers, pausedForAll }: OutboxState) {
    const { pause, resume, pauseAll, resumeAll, flush, retry } = parts.commands;
    parts.buttons.hidden = !open || !admin.mayWrite();
    if (state === 'paused') swap(pause, resume);
    else swap(resume, pause);
    if (pausedForAll) swap(pauseAll, resumeAll);
    else swap(resumeAll, pauseAll);
    pauseAll.hidden ||= !workers;
    // To go on alone is not possible then.
    if (pausedForAll) pause.hidden = resume.hidden = true;
    flush.hidden = state === 'paused';
    refusedCount = refused;
    retry.hidden = !refused;
    parts.discard.button.hidden = !refused;
    parts.discard.refresh();
  }

  /** The one in place of the other takes its focus over. */
  function swap(before: HTMLElement, after: HTMLElement) {
    const hadFocus = document.activeElement === before;
    after.hidden = false;
    before.hidden = true;
    if (hadFocus) after.focus();
  }

  function untilText(ms: number): string {
    return ms > 0 ? t('outbox.inTime', { time: duration(Math.max(ms, 1000)) }) : t('outbox.now');
  }

  return { prepare, close };
}
