import { annotationsOf, draw, type Image } from '../../editor/drawing';
import { errorText } from '../../editor/error-text';
import { makeEventView } from '../../editor/event-view';
import type { Text } from '../../editor/form';
import { adminError, makeButton, makeElement, sharedText, type AdminRequests } from '../../editor/live';
import { fieldOf, nodeLabel, shortText, type LiveEvent } from './sidebar-event';
import type { Pictures } from './sidebar-pictures';
import { createSureButton } from './sure-button';

/** As wide as sidebar.css makes it, px. */
const THUMBNAIL_WIDTH = 112;
const MOST_SHAPES_SMALL = 40;

/** The fields that say at a glance what an event of a type is about. */
const RESULT_FIELDS: Partial<Record<string, string[]>> = {
  quality_check: ['result'],
  inventory_count: ['itemCount', 'itemType'],
  safety_alert: ['severity', 'alertType'],
  custom: ['value'],
  operator_feedback: ['feedback'],
};

export interface CardDeps {
  t: Text;
  admin: AdminRequests;
  pictures: Pictures;
}

/** An event of the list. What changes later is its state, and what comes with that. */
export class Card {
  readonly element = makeElement('li', { class: 'vision-event-card', tabindex: -1 });
  private readonly head = makeElement('div', { class: 'vision-event-card-head' });
  private readonly facts = makeElement('div', { class: 'vision-event-card-facts' });
  private readonly frame = makeElement('div', { class: 'vision-event-card-picture' });
  private readonly orders = makeElement('div', { class: 'vision-event-buttons' });
  private readonly outcome = makeElement('p', { class: 'vision-event-note', role: 'status' });
  private canvas: HTMLCanvasElement | undefined;
  private isLarge = false;
  private isMissing = false;

  constructor(
    public event: LiveEvent,
    private readonly deps: CardDeps,
  ) {
    const { t } = deps;
    this.element.append(this.head, this.frame, this.facts, this.orders, this.outcome);
    if (event.event !== null) {
      this.element.append(
        makeEventView(t('sidebar.showEvent'), () => this.event.event),
        event.isShortened ? makeElement('p', { class: 'vision-event-note' }, t('sidebar.shortened')) : '',
      );
    }
    this.show();
    this.draw();
  }

  update(event: LiveEvent): void {
    const hadFocus = this.orders.contains(document.activeElement);
    this.event = event;
    this.show();
    if (hadFocus) this.element.focus();
  }

  remove(): void {
    if (this.canvas) this.deps.pictures.forget(this.canvas);
    this.element.remove();
  }

  private show(): void {
    const { event } = this;
    this.element.dataset['state'] = event.state;
    this.head.replaceChildren(...this.headline());
    this.facts.replaceChildren(...this.factLines());
    this.orders.replaceChildren(...this.buttons());
  }

  private headline(): HTMLElement[] {
    const { t } = this.deps;
    const { state, at, event } = this.event;
    const type = shortText(fieldOf(event, 'eventType'));
    const data = fieldOf(event, 'eventData');
    const result = (RESULT_FIELDS[type] ?? []).map((name) => shortText(fieldOf(data, name))).join(' ');
    const kind = ['pass', 'fail'].includes(result) ? ` vision-event-${result}` : '';
    const time = new Date(at);
    return [
      makeElement('span', { class: 'vision-event-pill' }, t(`sidebar.state.${state}`)),
      makeElement('strong', {}, typeText(type) || t('sidebar.noEvent')),
      makeElement('span', { class: `vision-event-result${kind}` }, result),
      makeElement('time', { title: time.toLocaleString() }, time.toLocaleTimeString()),
    ];
  }

  private factLines(): HTMLElement[] {
    const { t } = this.deps;
    const { node, event, error, eventId, isCooling } = this.event;
    const reveal = makeElement('button', { type: 'button', class: 'vision-event-link' }, nodeLabel(node));
    reveal.title = t('sidebar.reveal');
    reveal.addEventListener('click', () => RED.view.reveal(node.id));
    const useCase = shortText(fieldOf(event, 'useCaseId'));
    const line = (...children: (HTMLElement | string)[]) => makeElement('div', {}, ...children);
    return [
      line(reveal),
      ...(useCase ? [line(makeElement('span', { title: sharedText('label.useCase') }, useCase))] : []),
      ...(eventId ? [line(makeElement('code', { title: sharedText('label.eventId') }, eventId))] : []),
      ...(isCooling ? [line(t('sidebar.cooling'))] : []),
      ...(error ? [makeElement('p', { class: 'vision-event-card-error' }, errorText(error))] : []),
      ...this.findings(),
    ];
  }

  private findings(): HTMLElement[] {
    const { t } = this.deps;
    const { warnings, warningCount, repaired, repairCount } = this.event;
    const lists: HTMLElement[] = [];
    if (warningCount > 0) {
      const items = warnings.map(({ path, type, value }) =>
        makeElement('li', {}, makeElement('code', {}, path), ` ${ruleText(type)} `, quoted(value)),
      );
      lists.push(
        folded('vision-event-warned', t('sidebar.warnings', { n: warningCount }), items, warningCount, [
          makeElement('p', {}, t('sidebar.remedy')),
        ]),
      );
    }
    if (repairCount > 0) {
      const items = repaired.map(({ path, from, to }) =>
        makeElement('li', {}, makeElement('code', {}, path), ` ${from} → `, to ?? t('sidebar.leftOut')),
      );
      lists.push(folded('', t('sidebar.repairs', { n: repairCount }), items, repairCount));
    }
    return lists;
  }

  /** What the outbox keeps of refused events is put back or given up; another refusal went to the flow. */
  private buttons(): HTMLElement[] {
    const { t, admin } = this.deps;
    if (!this.event.isKept || !admin.mayWrite()) return [];
    const discard = createSureButton(
      t('outbox.discardOne'),
      'fa fa-trash',
      () => t('outbox.discardOneSure'),
      () => void this.order('discard'),
    );
    return [makeButton(t('outbox.retryOne'), 'fa fa-repeat', () => this.order('retry')), discard.button];
  }

  private async order(command: 'retry' | 'discard'): Promise<void> {
    const { t, admin } = this.deps;
    const { workspace, eventId } = this.event;
    try {
      const path = `workspaces/${encodeURIComponent(workspace)}/live/${command}`;
      const { count } = await admin.post<{ count: number }>(path, { eventId });
      if (count === 0) this.outcome.textContent = t('outbox.gone');
      else this.outcome.textContent = command === 'discard' ? t('sidebar.discarded') : '';
      this.update({ ...this.event, isKept: false });
    } catch (error) {
      this.outcome.textContent = adminError(error).message;
    }
  }

  /** The picture with its boxes, small or as wide as the list. */
  private draw(): void {
    const { t, pictures } = this.deps;
    const { event, size, picture, id } = this.event;
    if (this.canvas) pictures.forget(this.canvas);
    this.canvas = undefined;
    const images = fieldOf(event, 'images');
    const image = (Array.isArray(images) ? (images[0] as Image | null) : undefined) ?? {};
    const isKept = picture === 'kept' && !this.isMissing;
    if (!isKept && annotationsOf(image).length === 0 && picture !== 'too-large') {
      this.frame.replaceChildren();
      return;
    }
    if (isKept) {
      const width = this.isLarge ? this.element.clientWidth : THUMBNAIL_WIDTH;
      this.canvas = pictures.make(id, width, () => this.missing());
    }
    const drawing = sharedText('tryIt.drawing', { n: annotationsOf(image).length });
    const noPicture = t(`sidebar.${picture === 'too-large' ? 'tooLarge' : 'pictureGone'}`);
    const texts = { drawing, noPicture: this.isLarge || picture !== 'none' ? noPicture : '' };
    const options = this.isLarge ? {} : { labels: false, mostShapes: MOST_SHAPES_SMALL };
    this.frame.replaceChildren(draw(image, size, this.canvas, texts, options), this.sizeButton());
  }

  private sizeButton(): HTMLElement {
    const { t } = this.deps;
    const icon = makeElement('i', {
      class: `fa fa-${this.isLarge ? 'compress' : 'expand'}`,
      'aria-hidden': 'true',
    });
    const label = t(this.isLarge ? 'sidebar.smaller' : 'sidebar.larger');
    const button = makeElement(
      'button',
      { type: 'button', class: 'vision-event-size', 'aria-label': label, title: label },
      icon,
    );
    button.addEventListener('click', () => {
      this.isLarge = !this.isLarge;
      this.element.classList.toggle('vision-event-card-large', this.isLarge);
      this.draw();
      this.frame.querySelector<HTMLElement>('.vision-event-size')?.focus();
    });
    return button;
  }

  private missing(): void {
    this.isMissing = true;
    this.draw();
  }
}

/** A type of event as the dialogs call it; what is none of them, as it is. */
export function typeText(type: string): string {
  const key = `option.eventType.${type}`;
  const text = /^[a-z_]{1,30}$/.test(type) ? sharedText(key) : key;
  return text.endsWith(key) ? type : text;
}

/** What is wrong with a field, by the API's own rule. In the catalogue a dot would separate levels. */
function ruleText(type: string): string {
  const key = `rule.${type.replace(/\./g, '-')}`;
  const text = /^rule\.[\w-]{1,40}$/.test(key) ? sharedText(key) : key;
  return text.endsWith(key) ? type : text;
}

const quoted = (value: string) => value !== '' && value !== 'null' && makeElement('code', {}, value);

function folded(
  className: string,
  summary: string,
  items: HTMLElement[],
  count: number,
  more: HTMLElement[] = [],
): HTMLElement {
  const rest = count - items.length;
  return makeElement(
    'details',
    { class: `vision-event-part ${className}` },
    makeElement('summary', {}, summary),
    makeElement('ul', {}, items),
    rest > 0 && makeElement('p', {}, sharedText('tryIt.more', { n: rest })),
    more,
  );
}
