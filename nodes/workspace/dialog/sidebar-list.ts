import type { Text } from '../../editor/form';
import { makeElement, setText, sharedText, type AdminRequests } from '../../editor/live';
import { Card, typeText } from './sidebar-card';
import type { LiveAnswer } from '../../shared/live-event';
import { fieldOf, LIVE_STATES, nodeLabel, shortText, type LiveEvent } from './sidebar-event';
import { createPictures } from './sidebar-pictures';

/** As many as the runtime keeps. */
const MAX_CARDS = 200;
/** Of each frame of the screen: scrolling stays smooth while a burst comes in. */
const BUDGET_MS = 6;

const EVENT_TYPES = ['quality_check', 'inventory_count', 'safety_alert', 'custom', 'operator_feedback'];

/** The list of events, newest first, with its filters. */
export function createLiveList(t: Text, admin: AdminRequests) {
  const deps = { t, admin, pictures: createPictures(admin) };
  const cards = new Map<number, Card>();
  /** events that have no card yet, or a card out of date */
  const waiting = new Map<number, LiveEvent>();
  const nodes = new Map<string, HTMLOptionElement>();
  let frame: number | undefined;

  const option = (value: string, text: string) => makeElement('option', { value }, text);
  const select = (name: string, all: string, options: HTMLElement[]) =>
    makeElement('select', { 'aria-label': name, title: name }, option('', all), options);
  const node = select(t('sidebar.node'), t('sidebar.allNodes'), []);
  const type = select(
    sharedText('label.eventType'),
    t('sidebar.allTypes'),
    EVENT_TYPES.map((name) => option(name, typeText(name))),
  );
  const state = select(
    t('outbox.state'),
    t('sidebar.allStates'),
    LIVE_STATES.map((name) => option(name, t(`sidebar.state.${name}`))),
  );
  const onlyWarned = makeElement('input', { type: 'checkbox' });
  const filters = makeElement(
    'div',
    { class: 'vision-event-live-filters' },
    node,
    type,
    state,
    makeElement('label', {}, onlyWarned, ' ', t('sidebar.onlyWarned')),
  );
  filters.addEventListener('change', filterAll);
  const list = makeElement('ol', { class: 'vision-event-cards', 'aria-label': t('sidebar.name') });
  const note = makeElement('p', { class: 'vision-event-live-note' }, t('sidebar.empty'));
  const element = makeElement('div', { class: 'vision-event-live-list' }, note, list);

  function take({ events, isWhole }: LiveAnswer) {
    if (isWhole) clear();
    for (const event of events) waiting.set(event.id, event);
    // Those for which there would be no room need no card.
    const ids = [...waiting.keys()].sort((one, other) => one - other);
    for (const id of ids.slice(0, Math.max(0, ids.length - MAX_CARDS))) waiting.delete(id);
    frame ??= requestAnimationFrame(work);
  }

  function clear() {
    for (const card of cards.values()) card.remove();
    cards.clear();
    waiting.clear();
    tellCount();
  }

  function work() {
    frame = undefined;
    const end = performance.now() + BUDGET_MS;
    for (const [id, event] of waiting) {
      if (performance.now() > end) break;
      waiting.delete(id);
      place(event);
    }
    while (cards.size > MAX_CARDS) removeOldest();
    tellCount();
    if (waiting.size > 0) frame = requestAnimationFrame(work);
  }

  function place(event: LiveEvent) {
    const known = cards.get(event.id);
    if (known) known.update(event);
    const card = known ?? new Card(event, deps);
    card.element.hidden = !fits(event);
    if (known) return;
    noteNode(event);
    card.element.dataset['id'] = String(event.id);
    cards.set(event.id, card);
    let before = list.firstElementChild as HTMLElement | null;
    while (before && Number(before.dataset['id']) > event.id)
      before = before.nextElementSibling as HTMLElement | null;
    list.insertBefore(card.element, before);
  }

  function removeOldest() {
    const oldest = Number((list.lastElementChild as HTMLElement).dataset['id']);
    cards.get(oldest)?.remove();
    cards.delete(oldest);
  }

  function noteNode({ node: { id, type: nodeType } }: LiveEvent) {
    if (nodes.has(id)) return;
    const made = option(id, nodeLabel({ id, type: nodeType }));
    nodes.set(id, made);
    node.append(made);
  }

  function fits(event: LiveEvent): boolean {
    return (
      (node.value === '' || event.node.id === node.value) &&
      (type.value === '' || shortText(fieldOf(event.event, 'eventType')) === type.value) &&
      (state.value === '' || event.state === state.value) &&
      (!onlyWarned.checked || event.warningCount > 0)
    );
  }

  function filterAll() {
    for (const card of cards.values()) card.element.hidden = !fits(card.event);
    tellCount();
  }

  function tellCount() {
    const isFiltered = [...cards.values()].some(({ element: { hidden } }) => hidden);
    const shown = [...cards.values()].filter(({ element: { hidden } }) => !hidden).length;
    const counted = t('sidebar.shown', { shown, n: cards.size });
    setText(note, cards.size === 0 ? t('sidebar.empty') : isFiltered ? counted : '');
  }

  /** In place of the list: why there is none. */
  function say(text: string) {
    if (cards.size === 0) setText(note, text);
  }

  return { filters, element, take, say };
}
