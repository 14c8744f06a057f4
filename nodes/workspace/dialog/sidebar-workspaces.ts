import { errorText } from '../../editor/error-text';
import type { Text } from '../../editor/form';
import { makeElement, setText, type AdminRequests } from '../../editor/live';
import { createOutboxPanel, type OutboxState } from './outbox-panel';
import { createOutboxTexts } from './outbox-texts';
import { createMinuteChart } from './sidebar-chart';

/** What the runtime tells of a deployed workspace. */
export interface LiveWorkspace extends OutboxState {
  id: string;
  /** empty: it has none */
  name: string;
  /** events that were delivered in each of the last minutes */
  minutes: number[];
  /** use cases of which every event is refused at present */
  rejecting: string[];
}

/** Retrying by itself does not help: the key, the bill or the settings have to be put right. */
const OPERATOR_CODES = new Set(['UNAUTHORIZED', 'PAYMENT_REQUIRED', 'NOT_CONFIGURED']);

/**
 * The workspaces above the list: how much they deliver, what waits, what was refused, and the panel of their outbox.
 */
export function createLiveWorkspaces(t: Text, admin: AdminRequests) {
  const { duration, lastErrorText } = createOutboxTexts(t);
  const element = makeElement('div', { class: 'vision-event-workspaces' });
  const shown = new Map<string, ReturnType<typeof makeWorkspace>>();

  /** @returns whether something needs a person */
  function show(workspaces: readonly LiveWorkspace[]): boolean {
    for (const [id, workspace] of shown) {
      if (workspaces.some((one) => one.id === id)) continue;
      workspace.remove();
      shown.delete(id);
    }
    for (const one of workspaces) {
      const workspace = shown.get(one.id) ?? makeWorkspace(one);
      shown.set(one.id, workspace);
      workspace.show(one);
    }
    return workspaces.some((one) => needsOf(one).length > 0);
  }

  /** Why a person is needed. */
  function needsOf({ open, lastError, refused = 0, rejecting }: LiveWorkspace): string[] {
    const needs: string[] = [];
    if (!open && lastError) needs.push(t('sidebar.need.closed'));
    if (open && OPERATOR_CODES.has(lastError?.code ?? '')) needs.push(t('sidebar.need.operator'));
    if (rejecting.length > 0) needs.push(`${t('sidebar.need.rejecting')} ${rejecting.join(', ')}.`);
    if (refused > 0) needs.push(t('sidebar.need.refused', { n: refused }));
    return needs;
  }

  function makeWorkspace({ id, minutes }: LiveWorkspace) {
    const name = makeElement('h3');
    const needs = makeElement('p', { class: 'vision-event-needs', role: 'status' });
    const chart = createMinuteChart(t, minutes.length);
    const facts = [
      fact(t('outbox.events'), ({ events }) => String(events ?? 0)),
      fact(t('outbox.oldest'), ({ oldestAgeMs }) =>
        typeof oldestAgeMs === 'number' ? duration(oldestAgeMs) : '–',
      ),
      fact(t('outbox.refused'), ({ refused }) => String(refused ?? 0)),
    ];
    const numbers = makeElement(
      'dl',
      { class: 'vision-event-tiles' },
      facts.map((one) => one.element),
    );
    const lastError = makeElement('p', { class: 'vision-event-card-error' });
    const panel = makeElement(
      'details',
      { class: 'vision-event-section' },
      makeElement(
        'summary',
        {},
        makeElement('span', { class: 'vision-event-title' }, t('section.outboxNow')),
      ),
      makeElement('div', { class: 'vision-event-body' }),
    );
    const section = makeElement('section', {}, name, needs, chart.element, numbers, lastError, panel);
    element.append(section);
    const outbox = createOutboxPanel(t, admin);
    outbox.prepare(id, panel);

    function show(state: LiveWorkspace) {
      setText(name, state.name || t('paletteLabel'));
      setText(needs, needsOf(state).join(' '));
      chart.show(state.minutes);
      numbers.hidden = !state.open;
      for (const one of facts) one.show(state);
      setText(lastError, state.lastError ? lastErrorOf(state) : '');
      panel.hidden = !state.open && !state.lastError;
    }

    function remove() {
      outbox.close();
      section.remove();
    }

    return { show, remove };
  }

  const lastErrorOf = ({ lastError, open }: LiveWorkspace) => {
    if (!lastError) return '';
    return open ? t('outbox.lastErrorIs') + lastErrorText(lastError) : errorText(lastError);
  };

  function fact(name: string, textOf: (state: LiveWorkspace) => string) {
    const value = makeElement('dd');
    return {
      element: makeElement('div', {}, makeElement('dt', {}, name), value),
      show: (state: LiveWorkspace) => setText(value, textOf(state)),
    };
  }

  return { element, show };
}
