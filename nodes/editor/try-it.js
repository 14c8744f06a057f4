/* global visionEventElement, visionEventButton, visionEventDrawing, visionEventJsonTree */
/**
 * "Try it": what the node would make of a message with the settings of the open dialog. The runtime does it, by the code that handles
 * messages; here it is only shown.
 *
 * @param {{t: Function, values: Function}} form what `visionEventForm` answered
 * @param {object} admin what `visionEventAdmin` answered
 * @param {string} selector of the section
 */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventTryIt(form, admin, selector) {
  const { t } = form;
  /** The runtime keeps the last message for a minute after it was asked for. */
  const ASK_EVERY_MS = 2000;
  const TYPING_PAUSE_MS = 400;
  const MAX_ROWS = 50;
  const MAX_WARNINGS = 30;
  const MAX_IMAGES = 12;

  let node;
  let section;
  let body;
  let polling;
  let typing;
  let turn = 0;
  let seenAt;
  /** What the user folded or opened stays so through the next trial: part to whether it is open. */
  let folds = new Map();

  /** Call in `oneditprepare`, after the form was opened. */
  function prepare(editedNode) {
    node = editedNode;
    seenAt = undefined;
    folds = new Map();
    section = document.querySelector(selector);
    body = buildBody();
    section.querySelector('.vision-event-body').replaceChildren(...body.parts);
    section.addEventListener('toggle', onToggle);
    section.closest('.vision-event-form').addEventListener('input', onInput);
    $(section.closest('.vision-event-form')).on('change', onInput);
    if (admin.mayDeploy()) return;
    for (const part of [body.source, body.payload, body.run]) part.disabled = true;
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
    const option = (value, text) => visionEventElement('option', { value }, text);
    const row = (id, label, control) =>
      visionEventElement(
        'div',
        { class: 'form-row vision-event-row' },
        visionEventElement('label', { for: id }, label),
        control,
      );
    const source = visionEventElement(
      'select',
      { id: 'vision-event-try-source' },
      option('last', t('tryIt.last')),
      option('pasted', t('tryIt.pasted')),
    );
    const payload = visionEventElement('textarea', {
      id: 'vision-event-try-payload',
      rows: 6,
      spellcheck: 'false',
      placeholder: t('tryIt.payloadHint'),
    });
    const payloadRow = row('vision-event-try-payload', t('tryIt.payload'), payload);
    payloadRow.hidden = true;
    const run = visionEventButton(t('tryIt.run'), 'fa fa-flask', () => attempt());
    const status = visionEventElement('span', { class: 'vision-event-try-status', 'aria-live': 'polite' });
    const results = visionEventElement('div', { class: 'vision-event-try-results' });
    return {
      source,
      payload,
      payloadRow,
      run,
      status,
      results,
      parts: [
        visionEventElement('div', { class: 'vision-event-note vision-event-lead' }, t('tryIt.note')),
        row('vision-event-try-source', t('tryIt.source'), source),
        payloadRow,
        visionEventElement('div', { class: 'form-row vision-event-pair' }, run, status),
        results,
      ],
    };
  }

  const isLast = () => body.source.value === 'last';
  const say = (text) => (body.status.textContent = text);

  function onToggle() {
    if (!section?.open || !admin.mayDeploy()) {
      clearInterval(polling);
      polling = undefined;
      return;
    }
    polling ??= setInterval(lookForMessage, ASK_EVERY_MS);
    lookForMessage();
  }

  /** Any change of the dialog may change the event. What the results themselves do is none. */
  function onInput(event) {
    if (!section?.open || !admin.mayDeploy() || body.results.contains(event.target)) return;
    body.payloadRow.hidden = isLast();
    clearTimeout(typing);
    typing = setTimeout(() => (canRun() ? attempt() : lookForMessage()), TYPING_PAUSE_MS);
  }

  const canRun = () => (isLast() ? seenAt !== undefined : body.payload.value.trim() !== '');

  async function lookForMessage() {
    if (!section?.open || !isLast()) return;
    try {
      const { at } = await admin.get(`nodes/${encodeURIComponent(node.id)}/last-message`);
      if (!section || !isLast()) return;
      if (at === undefined) {
        if (seenAt === undefined) say(t('tryIt.waiting'));
      } else if (at !== seenAt) {
        seenAt = at;
        await attempt();
      }
    } catch (error) {
      if (section && isLast()) say(error.code === 'NOT_DEPLOYED' ? t('tryIt.notDeployed') : error.message);
    }
  }

  async function attempt() {
    if (!section || !canRun()) return;
    const own = ++turn;
    say(t('tryIt.running'));
    const message = isLast() ? { useLast: true } : { payload: pastedPayload() };
    try {
      const answer = await admin.post('try', { id: node.id, properties: form.values(), ...message });
      if (own === turn) show(answer);
    } catch (error) {
      if (own !== turn) return;
      if (error.code === 'NO_MESSAGE') seenAt = undefined;
      say(error.code === 'NO_MESSAGE' ? t('tryIt.waiting') : error.message);
    }
  }

  /** Text that is not JSON goes as text: some detectors send such. */
  function pastedPayload() {
    try {
      return JSON.parse(body.payload.value);
    } catch {
      return body.payload.value;
    }
  }

  function show(answer) {
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
        .filter(Boolean),
    );
  }

  function verdict({ error, errors, warningCount, detections }) {
    const line = (kind, icon, text) =>
      visionEventElement(
        'p',
        { class: `vision-event-verdict vision-event-verdict-${kind}` },
        visionEventElement('i', { class: `fa ${icon}`, 'aria-hidden': 'true' }),
        visionEventElement('span', {}, text),
      );
    if (error) {
      return [
        line('wrong', 'fa-times-circle', t('tryIt.wouldFail')),
        visionEventElement(
          'p',
          { class: 'vision-event-error' },
          visionEventElement('code', {}, error.code),
          ` ${errors?.length > 1 ? errors.map(({ message }) => message).join(' ') : error.message}`,
        ),
      ];
    }
    if (warningCount === 1) return [line('doubtful', 'fa-exclamation-circle', t('tryIt.wouldWarnOnce'))];
    if (warningCount > 1)
      return [line('doubtful', 'fa-exclamation-circle', t('tryIt.wouldWarn', { n: warningCount }))];
    if (detections?.dropped > 0) return [line('doubtful', 'fa-exclamation-circle', t('tryIt.wouldSendPart'))];
    return [line('right', 'fa-check-circle', t('tryIt.wouldSend'))];
  }

  function summary({ detections, uncertain, event, message, repaired, imagesLeftOut, pictures }) {
    const lines = [];
    if (detections) {
      const { format, count, dropped, notes } = detections;
      const isEmpty = format === 'any-empty';
      const found = count === 1 ? t('tryIt.oneFound', { format }) : t('tryIt.found', { format, n: count });
      lines.push(isEmpty ? t('tryIt.empty') : found);
      if (dropped > 0) lines.push(t('tryIt.dropped', { n: dropped }));
      const sent = (event?.images ?? []).flatMap(visionEventDrawing.annotationsOf).length;
      if (event && sent !== count) lines.push(t('tryIt.shown', { n: sent }));
      lines.push(...notes.map((code) => t(`code.${code}`)));
    } else if (event) lines.push(t('tryIt.noDetections'));
    if (uncertain) lines.push(t('tryIt.uncertain', { fields: uncertain.join(', ') }));
    if (repaired?.length > 0)
      lines.push(t('tryIt.repaired', { paths: repaired.map(({ path }) => path).join(', ') }));
    lines.push(...shortened((pictures ?? []).map(pictureText)));
    const leftOut = (imagesLeftOut ?? []).map(({ message: reason }) => t('tryIt.pictureLeftOut', { reason }));
    lines.push(...shortened(leftOut));
    if (message.leftOut.length > 0) lines.push(t('tryIt.leftOut', { paths: message.leftOut.join(', ') }));
    return visionEventElement(
      'ul',
      { class: 'vision-event-facts' },
      lines.map((text) => visionEventElement('li', {}, text)),
    );
  }

  function pictureText({ name, bytes, size }) {
    const kilobytes = Math.max(1, Math.round(bytes / 1024));
    return size
      ? t('tryIt.picture', { name, width: size.width, height: size.height, size: kilobytes })
      : t('tryIt.pictureNoSize', { name, size: kilobytes });
  }

  function shortened(lines) {
    const rest = lines.length - MAX_IMAGES;
    return rest > 0 ? [...lines.slice(0, MAX_IMAGES), t('tryIt.more', { n: rest })] : lines;
  }

  function drawings({ event, imageSizes, pictures = [] }) {
    const images = event?.images ?? [];
    const shown = images.slice(0, MAX_IMAGES).map((image, place) => {
      const own = seenPicture(pictures, place);
      const n = visionEventDrawing.annotationsOf(image).length;
      if (n === 0 && !own?.dataUrl) return undefined;
      return visionEventDrawing.draw(image, own?.size ?? imageSizes?.[place] ?? undefined, own?.dataUrl, {
        drawing: t('tryIt.drawing', { n }),
        noPicture: t('tryIt.noPicture'),
        caption: images.length > 1 ? caption(image, place) : undefined,
      });
    });
    const rest = images.length - MAX_IMAGES;
    if (rest > 0) shown.push(visionEventElement('p', {}, t('tryIt.more', { n: rest })));
    return shown;
  }

  /** The boxes belong to the picture that the detector saw; the other one has them painted in. */
  function seenPicture(pictures, place) {
    const own = pictures.filter(({ image = 0 }) => image === place);
    return own.find(({ role }) => role === 'input') ?? own[0];
  }

  function caption({ label }, place) {
    const number = `${t('tryIt.pictureOf')} ${place + 1}`;
    return label === undefined ? number : `${number} · ${String(label).slice(0, 100)}`;
  }

  function rowsTable({ event }) {
    const found = (event?.images ?? []).flatMap(visionEventDrawing.annotationsOf);
    if (found.length === 0) return undefined;
    const cell = (tag, text) => visionEventElement(tag, {}, text);
    const number = (value) => (Number.isInteger(value) ? String(value) : Number(value).toFixed(1));
    const box = ({ x, y, width, height }) =>
      width === undefined ? '' : `${number(x)}, ${number(y)}; ${number(width)} × ${number(height)}`;
    const rows = found
      .slice(0, MAX_ROWS)
      .map((one) =>
        visionEventElement(
          'tr',
          {},
          cell('td', String(one.class)),
          cell('td', visionEventDrawing.percent(one.confidence)),
          cell('td', box(one)),
        ),
      );
    const heads = [t('tryIt.class'), t('tryIt.confidence'), t('tryIt.box')].map((text) => cell('th', text));
    const table = visionEventElement('table', {}, visionEventElement('tr', {}, heads), rows);
    const rest = found.length - rows.length;
    const more = rest > 0 && visionEventElement('p', {}, t('tryIt.more', { n: rest }));
    return part('rows', `${t('tryIt.rows')} (${found.length})`, true, [table, more]);
  }

  function warningList({ warnings = [], warningCount = 0 }) {
    if (warnings.length === 0) return undefined;
    const items = warnings
      .slice(0, MAX_WARNINGS)
      .map(({ path, type, value }) =>
        visionEventElement(
          'li',
          {},
          visionEventElement('code', {}, path),
          ` ${ruleText(type)}`,
          value !== null && visionEventElement('code', {}, ` ${JSON.stringify(value)}`.slice(0, 200)),
        ),
      );
    if (warningCount > items.length) {
      items.push(visionEventElement('li', {}, t('tryIt.more', { n: warningCount - items.length })));
    }
    return visionEventElement('ul', { class: 'vision-event-warnings' }, items);
  }

  /** In the catalogue a dot would separate levels. */
  function ruleText(type) {
    const key = `rule.${type.replaceAll('.', '-')}`;
    const text = t(key);
    return text.endsWith(key) ? type : text;
  }

  function trees({ event, asStored }) {
    return [
      event && part('event', t('tryIt.event'), false, [visionEventJsonTree(event)]),
      asStored && part('stored', t('tryIt.stored'), true, [visionEventJsonTree(asStored)]),
    ];
  }

  function part(name, title, opensAtFirst, children) {
    const details = visionEventElement(
      'details',
      { class: 'vision-event-part', 'data-part': name },
      visionEventElement('summary', {}, title),
      children,
    );
    details.open = folds.get(name) ?? opensAtFirst;
    details.addEventListener('toggle', () => folds.set(name, details.open));
    return details;
  }

  return { prepare, close };
}
