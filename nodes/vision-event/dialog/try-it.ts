import { annotationsOf, draw, percent, type Annotation, type Image, type Size } from '../../editor/drawing';
import { errorText } from '../../editor/error-text';
import type { FormValues } from '../../editor/form';
import { makeJsonTree } from '../../editor/json-tree';
import { adminError, makeButton, makeElement, type AdminError, type AdminRequests } from '../../editor/live';
import { EXAMPLES, exampleFor } from './examples';

interface Picture {
  name: string;
  bytes: number;
  size?: Size;
  /** as it came, where it leaves otherwise */
  before?: { bytes: number; size: Size };
  role?: 'input' | 'output';
  /** the entry of the event's images */
  image?: number;
  dataUrl?: string;
}

/** What the runtime made of the message. After an error the parts that it did not come to are missing. */
interface Answer {
  /**
   * epoch milliseconds, what was too large to keep, and whether pictures were not kept since something is hidden in
   * some
   */
  message: { at: number; leftOut: string[]; withoutPictures?: boolean };
  error?: AdminError;
  errors?: { message: string }[];
  warnings?: { path: string; type: string; value: unknown }[];
  warningCount?: number;
  detections?: { format: string; count: number; dropped: number; notes: string[] };
  uncertain?: string[];
  repaired?: { path: string; from: unknown; to?: unknown }[];
  imagesLeftOut?: { message: string }[];
  event?: { images?: Image[] };
  asStored?: object;
  imageSizes?: (Size | null | undefined)[];
  pictures?: Picture[];
}

const ASK_EVERY_MS = 2000;
const TYPING_PAUSE_MS = 400;
const MAX_ROWS = 50;
const MAX_WARNINGS = 30;
const MAX_IMAGES = 12;

/**
 * "Try it": what the node would make of a message with the settings of the open dialog. The runtime does it, by the
 * code that handles messages; here it is only shown.
 *
 * @param selector of the section
 */
export function createTryIt(form: FormValues, admin: AdminRequests, selector: string) {
  const { t } = form;

  let node: EditorNode;
  let section: HTMLDetailsElement | undefined;
  let body: ReturnType<typeof buildBody>;
  let polling: ReturnType<typeof setInterval> | undefined;
  let typing: ReturnType<typeof setTimeout> | undefined;
  let turn = 0;
  let seenAt: number | undefined;
  /** The user chose what to try with: nothing else is chosen any more. */
  let isChosen = false;
  /** It is scrolled into view once more when it has its results: before, it is too short for that. */
  let isJustOpened = false;
  /** What the user folded or opened stays so through the next trial: part to whether it is open. */
  let folds = new Map<string, boolean>();

  /** Call in `oneditprepare`, after the form was opened. */
  function prepare(editedNode: EditorNode) {
    node = editedNode;
    seenAt = undefined;
    isChosen = false;
    folds = new Map();
    section = document.querySelector<HTMLDetailsElement>(selector)!;
    body = buildBody();
    section.querySelector('.vision-event-body')!.replaceChildren(...body.parts);
    section.addEventListener('toggle', onToggle);
    const dialog = section.closest<HTMLElement>('.vision-event-form')!;
    dialog.addEventListener('input', onInput);
    $(dialog).on('change', onInput);
    if (admin.mayDeploy()) return;
    for (const part of [body.source, body.example, body.payload, body.run]) part.disabled = true;
    say(t('tryIt.forbidden'));
  }

  /** Call in `oneditsave`, `oneditcancel` and `oneditdelete`. */
  function close() {
    clearInterval(polling);
    clearTimeout(typing);
    polling = undefined;
    turn++;
    section = undefined;
  }

  function buildBody() {
    const option = (value: string, text: string) => makeElement('option', { value }, text);
    const row = (id: string, label: string, control: HTMLElement) =>
      makeElement(
        'div',
        { class: 'form-row vision-event-row' },
        makeElement('label', { for: id }, label),
        control,
      );
    const source = makeElement(
      'select',
      { id: 'vision-event-try-source' },
      option('last', t('tryIt.last')),
      option('example', t('tryIt.example')),
      option('pasted', t('tryIt.pasted')),
    );
    source.addEventListener('input', () => (isChosen = true));
    const example = makeElement(
      'select',
      { id: 'vision-event-try-example' },
      EXAMPLES.map(({ id, label }) => option(id, label || t('option.format.custom'))),
    );
    const exampleRow = row('vision-event-try-example', t('tryIt.exampleOf'), example);
    exampleRow.hidden = true;
    const payload = makeElement('textarea', {
      id: 'vision-event-try-payload',
      rows: 6,
      spellcheck: 'false',
      placeholder: t('tryIt.payloadHint'),
    });
    const payloadRow = row('vision-event-try-payload', t('tryIt.payload'), payload);
    payloadRow.hidden = true;
    payload.addEventListener('input', () => choose('pasted'));
    const run = makeButton(t('tryIt.run'), 'fa fa-flask', () => attempt());
    const status = makeElement('span', { class: 'vision-event-try-status', 'aria-live': 'polite' });
    const results = makeElement('div', { class: 'vision-event-try-results' });
    return {
      source,
      example,
      exampleRow,
      payload,
      payloadRow,
      run,
      status,
      results,
      parts: [
        makeElement('div', { class: 'vision-event-note vision-event-lead' }, t('tryIt.note')),
        row('vision-event-try-source', t('tryIt.source'), source),
        exampleRow,
        payloadRow,
        makeElement('div', { class: 'form-row vision-event-pair' }, run, status),
        results,
      ],
    };
  }

  const isLast = () => body.source.value === 'last';
  const isExample = () => body.source.value === 'example';
  const say = (text: string) => (body.status.textContent = text);

  function onToggle() {
    clearInterval(polling);
    polling = undefined;
    if (!section?.open || !admin.mayDeploy()) return;
    isJustOpened = true;
    scrollToSection();
    polling = setInterval(() => void lookForMessage(), ASK_EVERY_MS);
    void begin();
  }

  const scrollToSection = () => section?.scrollIntoView({ block: 'start' });

  /** There is always something to show: the last message, else an example of the chosen format. */
  async function begin() {
    if (canRun()) return attempt();
    await lookForMessage();
    if (seenAt !== undefined || isChosen || !isLast()) return;
    choose('example');
    await attempt();
  }

  function choose(source: 'last' | 'example' | 'pasted') {
    body.source.value = source;
    showRows();
    if (source === 'example') takeExample(exampleFor(String(form.values()['format'])));
  }

  function showRows() {
    body.exampleRow.hidden = !isExample();
    body.payloadRow.hidden = isLast();
  }

  function takeExample(id: string) {
    body.example.value = id;
    body.payload.value = JSON.stringify(EXAMPLES.find((one) => one.id === id)?.payload, undefined, 2);
  }

  /** Any change of the dialog may change the event. What the results themselves do is none. */
  function onInput({ target }: { target: unknown }) {
    if (!section?.open || !admin.mayDeploy() || body.results.contains(target as Node)) return;
    showRows();
    if (target === body.example) takeExample(body.example.value);
    else if (isExample() && (target === body.source || (target as Element).id === 'node-input-format'))
      choose('example');
    clearTimeout(typing);
    typing = setTimeout(() => void (canRun() ? attempt() : lookForMessage()), TYPING_PAUSE_MS);
  }

  const canRun = () => (isLast() ? seenAt !== undefined : body.payload.value.trim() !== '');

  async function lookForMessage() {
    if (!section?.open || !isLast()) return;
    try {
      const { at } = await admin.get<{ at?: number }>(`nodes/${encodeURIComponent(node.id)}/last-message`);
      if (!section || !isLast()) return;
      if (at === undefined) {
        if (seenAt === undefined) say(t('tryIt.waiting'));
      } else if (at !== seenAt) {
        seenAt = at;
        await attempt();
      }
    } catch (error) {
      const { code, message } = adminError(error);
      if (section && isLast()) say(code === 'NOT_DEPLOYED' ? t('tryIt.notDeployed') : message);
    }
  }

  async function attempt() {
    if (!section || !canRun()) return;
    const own = ++turn;
    say(t('tryIt.running'));
    const message = isLast() ? { useLast: true } : { payload: pastedPayload(), isExample: isExample() };
    try {
      const answer = await admin.post<Answer>('try', { id: node.id, properties: form.values(), ...message });
      if (own === turn) show(answer);
    } catch (error) {
      if (own !== turn) return;
      const { code, message: reason } = adminError(error);
      if (code === 'NO_MESSAGE') seenAt = undefined;
      say(code === 'NO_MESSAGE' ? t('tryIt.waiting') : reason);
    }
  }

  /** Text that is not JSON goes as text: some detectors send such. */
  function pastedPayload(): unknown {
    try {
      return JSON.parse(body.payload.value) as unknown;
    } catch {
      return body.payload.value;
    }
  }

  function show(answer: Answer) {
    say(isLast() ? t('tryIt.seen', { time: new Date(answer.message.at).toLocaleTimeString() }) : '');
    body.results.replaceChildren(
      ...[
        verdict(answer),
        warningList(answer),
        summary(answer),
        drawings(answer),
        rowsTable(answer),
        trees(answer),
      ]
        .flat()
        .filter((shown) => shown !== undefined),
    );
    scrollOnce();
  }

  function scrollOnce() {
    if (isJustOpened) scrollToSection();
    isJustOpened = false;
  }

  function verdict({ error, errors = [], warningCount = 0, detections }: Answer): HTMLElement[] {
    const line = (kind: string, icon: string, text: string) =>
      makeElement(
        'p',
        { class: `vision-event-verdict vision-event-verdict-${kind}` },
        makeElement('i', { class: `fa ${icon}`, 'aria-hidden': 'true' }),
        makeElement('span', {}, text),
      );
    if (error) {
      return [
        line('wrong', 'fa-times-circle', t('tryIt.wouldFail')),
        makeElement(
          'p',
          { class: 'vision-event-error' },
          makeElement('code', {}, error.code),
          ` ${errorText({ code: error.code, message: errors.length > 1 ? errors.map(({ message }) => message).join(' ') : error.message })}`,
        ),
      ];
    }
    if (warningCount === 1) return [line('doubtful', 'fa-exclamation-circle', t('tryIt.wouldWarnOnce'))];
    if (warningCount > 1)
      return [line('doubtful', 'fa-exclamation-circle', t('tryIt.wouldWarn', { n: warningCount }))];
    if (detections && detections.dropped > 0)
      return [line('doubtful', 'fa-exclamation-circle', t('tryIt.wouldSendPart'))];
    return [line('right', 'fa-check-circle', t('tryIt.wouldSend'))];
  }

  function summary(answer: Answer): HTMLElement {
    const {
      detections,
      uncertain,
      event,
      message,
      repaired = [],
      imagesLeftOut = [],
      pictures = [],
    } = answer;
    const lines: string[] = [];
    if (detections) {
      const { format, count, dropped, notes } = detections;
      const isEmpty = format === 'any-empty';
      const found = count === 1 ? t('tryIt.oneFound', { format }) : t('tryIt.found', { format, n: count });
      lines.push(isEmpty ? t('tryIt.empty') : found);
      if (dropped > 0) lines.push(t('tryIt.dropped', { n: dropped }));
      const sent = (event?.images ?? []).flatMap(annotationsOf).length;
      if (event && sent !== count) lines.push(t('tryIt.shown', { n: sent }));
      lines.push(...notes.map((code) => t(`code.${code}`)));
    } else if (event) lines.push(t('tryIt.noDetections'));
    if (uncertain) lines.push(t('tryIt.uncertain', { fields: uncertain.join(', ') }));
    lines.push(...shortened(repaired.map(repairText)));
    lines.push(...shortened(pictures.map(pictureText)));
    const leftOut = imagesLeftOut.map(({ message: reason }) => t('tryIt.pictureLeftOut', { reason }));
    lines.push(...shortened(leftOut));
    if (message.withoutPictures) lines.push(t('tryIt.hides'));
    else if (message.leftOut.length > 0)
      lines.push(t('tryIt.leftOut', { paths: message.leftOut.join(', ') }));
    return makeElement(
      'ul',
      { class: 'vision-event-facts' },
      lines.map((text) => makeElement('li', {}, text)),
    );
  }

  /** By the label that the field has in this dialog. */
  function repairText({ path, from, to }: { path: string; from: unknown; to?: unknown }): string {
    const property = /^(?:eventData\.)?(\w+)$/.exec(path)?.[1];
    const label = property === undefined ? path : (labelOf(property) ?? path);
    const [before, after] = [from, to].map(shortJson);
    return to === undefined
      ? t('tryIt.removed', { label, from: before })
      : t('tryIt.changed', { label, from: before, to: after });
  }

  function labelOf(property: string): string | undefined {
    const names: Partial<Record<string, string>> = { useCaseId: 'useCase' };
    const key = `label.${names[property] ?? property}`;
    const text = t(key);
    return text.endsWith(key) ? undefined : text;
  }

  const shortJson = (value: unknown) => {
    const text = JSON.stringify(value) ?? '';
    return text.length > 80 ? `${text.slice(0, 80)}…` : text;
  };

  function pictureText({ name, bytes, size, before }: Picture): string {
    const picture = size
      ? t('tryIt.picture', { name, ...size, size: kilobytes(bytes) })
      : t('tryIt.pictureNoSize', { name, size: kilobytes(bytes) });
    return before
      ? t('tryIt.pictureBefore', { picture, ...before.size, size: kilobytes(before.bytes) })
      : picture;
  }

  const kilobytes = (bytes: number) => Math.max(1, Math.round(bytes / 1024));

  function shortened(lines: string[]): string[] {
    const rest = lines.length - MAX_IMAGES;
    return rest > 0 ? [...lines.slice(0, MAX_IMAGES), t('tryIt.more', { n: rest })] : lines;
  }

  function drawings({ event, imageSizes, pictures = [] }: Answer): (HTMLElement | undefined)[] {
    const images = event?.images ?? [];
    const shown = images.slice(0, MAX_IMAGES).flatMap((image, place): (HTMLElement | undefined)[] => {
      const own = seenPicture(pictures, place);
      const n = annotationsOf(image).length;
      if (n === 0 && !own?.dataUrl) return [];
      const picture = own?.dataUrl ? makeElement('img', { src: own.dataUrl, alt: '' }) : undefined;
      const seen = draw(image, own?.size ?? imageSizes?.[place] ?? undefined, picture, {
        drawing: t('tryIt.drawing', { n }),
        noPicture: t('tryIt.noPicture'),
        caption: images.length > 1 ? caption(image, place) : undefined,
      });
      return [seen, annotatedPicture(pictures, place, own)];
    });
    const rest = images.length - MAX_IMAGES;
    if (rest > 0) shown.push(makeElement('p', {}, t('tryIt.more', { n: rest })));
    return shown;
  }

  /** The boxes belong to the picture that the detector saw; the other one has them painted in. */
  function seenPicture(pictures: Picture[], place: number): Picture | undefined {
    const own = pictures.filter(({ image = 0 }) => image === place);
    return own.find(({ role }) => role === 'input') ?? own[0];
  }

  /** As it leaves, with nothing drawn over it. */
  function annotatedPicture(pictures: Picture[], place: number, seen: Picture | undefined) {
    const own = pictures.find(({ image = 0, role }) => image === place && role === 'output');
    if (!own?.dataUrl || own === seen) return undefined;
    const name = t('label.outputImage');
    const picture = makeElement('img', { src: own.dataUrl, alt: '' });
    return draw({}, own.size, picture, { drawing: name, noPicture: t('tryIt.noPicture'), caption: name });
  }

  function caption({ label }: Image, place: number): string {
    const number = `${t('tryIt.pictureOf')} ${place + 1}`;
    return label === undefined ? number : `${number} · ${String(label).slice(0, 100)}`;
  }

  function rowsTable({ event }: Answer): HTMLElement | undefined {
    const found = (event?.images ?? []).flatMap(annotationsOf);
    if (found.length === 0) return undefined;
    const cell = (tag: 'td' | 'th', text: string) => makeElement(tag, {}, text);
    const number = (value: number) => (Number.isInteger(value) ? String(value) : Number(value).toFixed(1));
    const box = ({ x, y, width, height }: Partial<Annotation>) =>
      x === undefined || y === undefined || width === undefined || height === undefined
        ? ''
        : `${number(x)}, ${number(y)}; ${number(width)} × ${number(height)}`;
    const rows = found
      .slice(0, MAX_ROWS)
      .map((one) =>
        makeElement(
          'tr',
          {},
          cell('td', String(one.class)),
          cell('td', percent(one.confidence)),
          cell('td', box(one)),
        ),
      );
    const heads = [t('tryIt.class'), t('tryIt.confidence'), t('tryIt.box')].map((text) => cell('th', text));
    const table = makeElement('table', {}, makeElement('tr', {}, heads), rows);
    const rest = found.length - rows.length;
    const more = rest > 0 && makeElement('p', {}, t('tryIt.more', { n: rest }));
    return part('rows', `${t('tryIt.rows')} (${found.length})`, true, [table, more]);
  }

  function warningList({ warnings = [], warningCount = 0 }: Answer): HTMLElement | undefined {
    if (warnings.length === 0) return undefined;
    const items = warnings
      .slice(0, MAX_WARNINGS)
      .map(({ path, type, value }) =>
        makeElement(
          'li',
          {},
          makeElement('code', {}, path),
          ` ${ruleText(type)}`,
          value !== null && makeElement('code', {}, ` ${JSON.stringify(value)}`.slice(0, 200)),
        ),
      );
    if (warningCount > items.length) {
      items.push(makeElement('li', {}, t('tryIt.more', { n: warningCount - items.length })));
    }
    return makeElement('ul', { class: 'vision-event-warnings' }, items);
  }

  /** In the catalogue a dot would separate levels. */
  function ruleText(type: string): string {
    const key = `rule.${type.replace(/\./g, '-')}`;
    const text = t(key);
    return text.endsWith(key) ? type : text;
  }

  function trees({ event, asStored }: Answer): (HTMLElement | undefined)[] {
    return [
      event && part('event', t('tryIt.event'), false, [makeJsonTree(event)]),
      asStored && part('stored', t('tryIt.stored'), true, [makeJsonTree(asStored)]),
    ];
  }

  function part(
    name: string,
    title: string,
    opensAtFirst: boolean,
    children: (HTMLElement | false)[],
  ): HTMLElement {
    const details = makeElement(
      'details',
      { class: 'vision-event-part', 'data-part': name },
      makeElement('summary', {}, title),
      children,
    );
    details.open = folds.get(name) ?? opensAtFirst;
    details.addEventListener('toggle', () => folds.set(name, details.open));
    return details;
  }

  return { prepare, close };
}
