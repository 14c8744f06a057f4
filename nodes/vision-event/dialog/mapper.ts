import type { FormValues } from '../../editor/form';
import { adminError, makeButton, makeElement, type AdminError, type AdminRequests } from '../../editor/live';
import { drawConvention } from './convention-drawing';
import { annotationsOf, draw, type Image, type Size } from '../../editor/drawing';
import { EXAMPLE_PAYLOADS } from './example-payloads';
import './mapper.css';
import { makePayloadTree } from './payload-tree';
import { CONVENTIONS, PickedMapping, POINTS, STEPS, UNITS, type Step, type Unit } from './picked-mapping';
import type { Way } from './way';

interface Answer {
  error?: AdminError;
  event?: { images?: Image[] };
  imageSizes?: (Size | null)[];
}

/**
 * Makes a custom mapping by pointing at a payload: the list, then class, confidence and box in one of its rows. The
 * JSON follows.
 *
 * @param selector of the place for it
 */
export function createMapper(form: FormValues, admin: AdminRequests, selector: string) {
  const { t } = form;
  let node: EditorNode;
  let mapping = new PickedMapping(undefined);
  let payload: unknown;
  let step: Step = 'list';
  let turn = 0;
  let parts: ReturnType<typeof makeParts>;

  /** Call in `oneditprepare`, after the form was opened. */
  function prepare(editedNode: EditorNode) {
    node = editedNode;
    parts = makeParts();
    document
      .querySelector(selector)!
      .replaceChildren(
        parts.from,
        parts.text,
        parts.steps.element,
        parts.message,
        parts.tree,
        parts.picture,
        parts.conventions.element,
        parts.points.element,
        parts.units.element,
      );
    start(undefined);
  }

  function makeParts() {
    const text = makeElement('textarea', {
      class: 'vision-event-wide',
      rows: 3,
      spellcheck: 'false',
      'aria-label': t('mapper.payload'),
      placeholder: t('mapper.paste'),
    });
    text.addEventListener('input', () => start(parsed(text.value)));
    const use = (value: unknown) => {
      text.value = JSON.stringify(value);
      start(value);
    };
    const last = makeButton(t('mapper.last'), 'fa fa-history', () => takeLast(use));
    last.disabled = !admin.mayDeploy();
    const example = makeButton(t('mapper.example'), 'fa fa-lightbulb-o', () =>
      use(EXAMPLE_PAYLOADS['custom']),
    );
    return {
      from: makeElement('div', { class: 'vision-event-pair vision-event-wide' }, last, example),
      text,
      steps: choices('step', STEPS, (chosen) => go(chosen)),
      message: makeElement('div', { class: 'vision-event-wide', 'aria-live': 'polite' }),
      tree: makeElement('div', { class: 'vision-event-tree' }),
      picture: makeElement('div', { class: 'vision-event-try-results' }),
      conventions: choices('convention', CONVENTIONS, (chosen) => {
        mapping.convention = chosen;
        write();
      }),
      points: choices('points', POINTS, (chosen) => {
        mapping.pointsProperty = chosen;
        write();
      }),
      units: choices('units', UNITS, (chosen: Unit) => {
        mapping.chosenUnits = chosen;
        write();
      }),
    };
  }

  /** A group of radio buttons; the keyboard moves among them by the arrow keys. */
  function choices<Value extends string>(
    name: 'step' | 'convention' | 'points' | 'units',
    values: readonly Value[],
    onChoice: (value: Value) => void,
  ) {
    const inputs = values.map((value) => {
      const input = makeElement('input', { type: 'radio', name: `vision-event-mapper-${name}`, value });
      input.addEventListener('change', () => onChoice(value));
      return { value, input };
    });
    const labels = inputs.map(({ value, input }) =>
      makeElement(
        'label',
        {},
        input,
        name === 'convention' && drawConvention(value as (typeof CONVENTIONS)[number]),
        makeElement('span', {}, t(`mapper.${name}.${value}`)),
      ),
    );
    const element = makeElement(
      'fieldset',
      { class: 'vision-event-wide', 'aria-label': t(`mapper.${name}.name`) },
      labels,
    );
    const set = (wanted: Value) => inputs.forEach(({ value, input }) => (input.checked = value === wanted));
    return { element, set };
  }

  async function takeLast(use: (value: unknown) => void) {
    try {
      const path = `nodes/${encodeURIComponent(node.id)}/last-payload`;
      use((await admin.get<{ payload?: unknown }>(path)).payload);
    } catch (error) {
      say(adminError(error).message);
    }
  }

  /** Begins anew with another payload. */
  function start(value: unknown) {
    mapping = new PickedMapping(value);
    payload = value;
    const isThere = typeof value === 'object' && value !== null;
    for (const { element } of [parts.steps, parts.units]) element.hidden = !isThere;
    parts.tree.hidden = !isThere;
    parts.picture.replaceChildren();
    showChoices(isThere);
    if (isThere) go('list');
    else say(t('mapper.start'));
  }

  function go(to: Step) {
    step = to;
    parts.steps.set(step);
    say(t(`mapper.pick.${step}`, { n: mapping.boxFields + 1 }));
    show();
  }

  function pick(way: Way, value: unknown) {
    if (!mapping.pick(step, way, value)) return say(t(`mapper.cannot.${step}`));
    // What was passed over stays so: not every detector tells a class or a confidence.
    const next = STEPS.slice(STEPS.indexOf(step)).find((each) => !mapping.isComplete(each));
    if (next) go(next);
    else {
      say(t('mapper.done'));
      show();
    }
    write();
  }

  const say = (text: string) => (parts.message.textContent = text);

  function show() {
    const focused = (document.activeElement as HTMLElement | null)?.dataset['way'];
    const tree = makePayloadTree(payload, pick, (way) => mapping.isMarked(way));
    parts.tree.replaceChildren(tree);
    if (focused !== undefined)
      [...tree.querySelectorAll<HTMLElement>('button')]
        .find((one) => one.dataset['way'] === focused)
        ?.focus();
    parts.conventions.set(mapping.convention);
    parts.points.set(mapping.pointsProperty);
    parts.units.set(mapping.units);
    showChoices(true);
  }

  function showChoices(isThere: boolean) {
    parts.conventions.element.hidden = !isThere || !mapping.mayHaveBox;
    parts.points.element.hidden = !isThere || !mapping.hasPoints;
  }

  function write() {
    $('#node-input-mapping').typedInput('value', mapping.toJson()).trigger('change');
    parts.units.set(mapping.units);
    void drawBoxes();
  }

  /** By the code that handles messages, as "Try it" does. */
  async function drawBoxes() {
    const own = ++turn;
    if (!mapping.isComplete('box') || !admin.mayDeploy()) return parts.picture.replaceChildren();
    try {
      const trial = { id: node.id, properties: form.values(), payload, isExample: true };
      const { event, imageSizes } = await admin.post<Answer>('try', trial);
      const [image] = event?.images ?? [];
      if (own !== turn) return;
      if (!image) return parts.picture.replaceChildren();
      const texts = {
        drawing: t('tryIt.drawing', { n: annotationsOf(image).length }),
        noPicture: t('tryIt.noPicture'),
      };
      parts.picture.replaceChildren(draw(image, imageSizes?.[0] ?? undefined, undefined, texts));
    } catch (error) {
      if (own === turn) say(adminError(error).message);
    }
  }

  return { prepare };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
