/* global fetch */
import { el, svg } from './dom.js';
import { annotationsOf, colourOf, drawImage, isOurs } from './drawing.js';

/** One event of the feed. */

export const TYPES = {
  quality_check: { name: 'Quality check', short: 'Quality', icon: 'M4 12.500l5 5L20 6.500' },
  inventory_count: {
    name: 'Inventory count',
    short: 'Count',
    icon: 'M4 7l8-4 8 4v10l-8 4-8-4zM4 7l8 4 8-4M12 11v10',
  },
  safety_alert: {
    name: 'Safety alert',
    short: 'Safety',
    icon: 'M12 3.500l9.500 16.500h-19zM12 10v4.500M12 17v.01',
  },
  custom: { name: 'Custom', short: 'Custom', icon: 'M8 4l-5 8 5 8M16 4l5 8-5 8' },
  operator_feedback: { name: 'Operator feedback', short: 'Feedback', icon: 'M4 5h16v11H11l-5 4v-4H4z' },
};

/** The fields of `eventData` that the headline says; the others are listed. */
const IN_HEADLINE = {
  quality_check: ['result'],
  inventory_count: ['itemCount', 'itemType', 'location'],
  safety_alert: ['severity', 'alertType'],
  custom: ['value'],
  operator_feedback: ['feedback', 'relatedEventId'],
};

/** @param stored an entry of `GET /_simulator/events` @param useCaseNames by id @param enlarge called with a drawing */
export function drawCard(stored, useCaseNames, enlarge) {
  const { event, warnings } = stored;
  const images = Array.isArray(event.images) ? event.images : [];
  return el(
    'li',
    { class: `card ${stored.eventType}` },
    images.length > 0 && pictures(images, event.displayImagePosition ?? 0, enlarge),
    el(
      'div',
      { class: 'facts' },
      heading(stored),
      el('p', { class: 'headline' }, headline(stored)),
      event.comment && el('blockquote', {}, event.comment),
      origin(stored, useCaseNames),
      legend(images),
      fields('Event data', otherData(event)),
      fields('Metadata', event.customMetadata),
      warnings.length > 0 && warningList(stored),
    ),
    raw(stored),
  );
}

export function icon(path) {
  return svg('svg', { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true' }, svg('path', { d: path }));
}

function heading(stored) {
  const type = TYPES[stored.eventType];
  const time = new Date(stored.timestamp);
  return el(
    'header',
    {},
    el('span', { class: 'type' }, icon(type.icon), type.name),
    stored.via !== 'event' && el('span', { class: 'tag' }, stored.via),
    stored.timesStored > 1 &&
      el('span', { class: 'tag', title: 'the same id was sent again' }, `stored ${stored.timesStored} times`),
    el(
      'time',
      {
        datetime: stored.timestamp,
        title: `event ${stored.timestamp}, arrived ${new Date(stored.at).toISOString()}`,
      },
      time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' }),
      el('span', { class: 'ago', 'data-at': stored.at }),
    ),
  );
}

/** What the event says, in one line. */
function headline({ event: { eventType, eventData }, warnings }) {
  const data = eventData ?? {};
  const quiet = (text) => el('span', { class: 'quiet' }, text);
  if (!IN_HEADLINE[eventType].some((field) => field in data)) {
    const lost = warnings.some(({ path }) => path.split('.')[0] === 'eventData');
    return quiet(lost ? 'event data not kept' : 'no event data');
  }
  switch (eventType) {
    case 'quality_check':
      return verdict(data.result, data.result === 'pass' ? 'good' : 'bad');
    case 'inventory_count':
      return [
        el('span', { class: 'number' }, data.itemCount === undefined ? '' : data.itemCount.toLocaleString()),
        ` ${data.itemType ?? 'items'}`,
        data.location && quiet(` at ${data.location}`),
      ];
    case 'safety_alert': {
      const level = { low: 'calm', medium: 'fair', high: 'bad' }[data.severity];
      return [data.severity && verdict(data.severity, level), ` ${data.alertType ?? ''}`];
    }
    case 'operator_feedback': {
      const level = { correct: 'good', incorrect: 'bad', inconclusive: 'fair' }[data.feedback];
      return [verdict(data.feedback, level), quiet(` about ${data.relatedEventId}`)];
    }
    default:
      return data.value;
  }
}

/** The fields of `eventData` beside those of the headline. */
function otherData({ eventType, eventData }) {
  const rest = Object.entries(eventData ?? {}).filter(([field]) => !IN_HEADLINE[eventType].includes(field));
  return Object.fromEntries(rest);
}

function verdict(text, level) {
  return el('span', { class: `verdict ${level}` }, text);
}

function origin({ event, eventId, useCaseId }, useCaseNames) {
  const parts = [
    ['use case', useCaseNames.get(useCaseId) ?? useCaseId],
    ['device', event.deviceId],
    ['stream', event.streamId],
    ['workflow', event.workflowId && [event.workflowId, event.workflowVersion].filter(Boolean).join(' @ ')],
  ];
  return el(
    'p',
    { class: 'origin' },
    parts.filter(([, value]) => value).map(([name, value]) => el('span', {}, el('i', {}, `${name} `), value)),
    el('code', { class: 'id', title: 'eventId' }, eventId),
  );
}

/** How many of each class, with the colour they are drawn in. */
function legend(images) {
  const counts = new Map();
  for (const { class: name } of images.flatMap(annotationsOf)) counts.set(name, (counts.get(name) ?? 0) + 1);
  if (counts.size === 0) return undefined;
  return el(
    'ul',
    { class: 'legend', 'aria-label': 'Classes' },
    [...counts].map(([name, count]) => {
      const dot = el('span', { class: 'swatch' });
      dot.style.setProperty('--colour', colourOf(name));
      return el('li', {}, dot, name, el('b', {}, String(count)));
    }),
  );
}

function fields(title, object) {
  const entries = Object.entries(object ?? {});
  if (entries.length === 0) return undefined;
  return el(
    'section',
    { class: 'fields' },
    el('h3', {}, title),
    el(
      'dl',
      {},
      entries.map(([key, value]) =>
        el('div', {}, el('dt', {}, key), el('dd', { class: typeof value }, shown(value))),
      ),
    ),
  );
}

function shown(value) {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function warningList({ warnings, event, received }) {
  const lost = lostFields(event, received);
  return el(
    'section',
    { class: 'warnings' },
    el(
      'h3',
      {},
      icon(TYPES.safety_alert.icon),
      `${warnings.length} warning${warnings.length > 1 ? 's' : ''}`,
    ),
    el(
      'ul',
      {},
      warnings
        .slice(0, 20)
        .map(({ path, type, value }) =>
          el(
            'li',
            {},
            el('code', { class: 'path' }, path),
            el('span', { class: 'rule' }, type),
            value !== null && el('code', { class: 'value' }, shortened(JSON.stringify(value))),
          ),
        ),
    ),
    warnings.length > 20 && el('p', {}, `and ${warnings.length - 20} more, in the JSON below`),
    lost.length > 0 && el('p', {}, `Not kept: ${lost.join(', ')}`),
  );
}

/** The fields that were sent and are not as sent in what is stored. A bundle's pictures have got ids in between. */
function lostFields(event, received) {
  const sent = JSON.parse(received);
  const isEmptied = (field) =>
    ['eventData', 'images', 'customMetadata'].includes(field) &&
    Object.keys(event[field] ?? {}).length === 0 &&
    JSON.stringify(event[field]) !== JSON.stringify(sent[field]);
  return Object.keys(sent).filter(
    (field) => field !== 'bundleFormatVersion' && (!(field in event) || isEmptied(field)),
  );
}

function shortened(text) {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** Folded, and only written out when it is opened: an event may hold thousands of points. */
function raw({ event, received, warnings }) {
  const blocks = el('div', { class: 'blocks' });
  const box = el('details', { class: 'raw' }, el('summary', {}, 'JSON'), blocks);
  const add = (title, value) =>
    blocks.append(el('section', {}, el('h4', {}, title), el('pre', {}, JSON.stringify(value, null, 2))));
  const write = () => {
    const sent = JSON.parse(received);
    const isSame = JSON.stringify(sent) === JSON.stringify(event);
    add(isSame ? 'as received and stored' : 'as stored', event);
    if (!isSame) add('as received', sent);
    if (warnings.length > 0) add('warnings', warnings);
  };
  box.addEventListener('toggle', write, { once: true });
  return box;
}

/** So many images of an event are shown at once; the others on demand. */
const FIRST_TILES = 48;

/** One image large, all of several small beneath, and what came with the picture that is shown. */
function pictures(images, displayed, enlarge) {
  const stage = el('div', { class: 'stage' });
  const caption = el('div', { class: 'caption' });
  const views = el('div', { class: 'views', role: 'group', 'aria-label': 'Pictures of the image' });
  const sheet = el('div', { class: 'sheet', role: 'group', 'aria-label': 'Images of the event' });

  const show = (index, view) => {
    const open = el(
      'button',
      { type: 'button', class: 'enlarge', 'aria-label': 'Enlarge the picture' },
      drawImage(images[index], view.sourceId),
    );
    open.addEventListener('click', () => enlarge(drawImage(images[index], view.sourceId)));
    stage.replaceChildren(open);
    press(views.children, (one) => one.textContent === view.name);
    void describe(caption, images, index, view.sourceId);
  };
  let chosen = images[displayed] ? displayed : 0;
  const markChosen = () =>
    press(sheet.querySelectorAll('button:not(.all)'), (_tile, place) => place === chosen);
  const choose = (index) => {
    chosen = index;
    const ofImage = viewsOf(images[index]);
    views.hidden = ofImage.length < 2;
    views.replaceChildren(...ofImage.map((view) => button({}, [view.name], () => show(index, view))));
    markChosen();
    show(index, ofImage[0]);
  };
  const drawSheet = (count) => {
    const tiles = images.slice(0, count).map((image, index) => tileOf(image, index, () => choose(index)));
    const isMore = images.length > count;
    const all =
      isMore && button({ class: 'all' }, [`Show all ${images.length}`], () => drawSheet(images.length));
    sheet.replaceChildren(...[...tiles, all].filter(Boolean));
    markChosen();
  };

  if (images.length > 1) drawSheet(FIRST_TILES);
  choose(chosen);
  return el('div', { class: 'pictures' }, stage, caption, views, images.length > 1 && sheet);
}

function button(attributes, children, onClick) {
  const made = el('button', { type: 'button', ...attributes }, children);
  made.addEventListener('click', onClick);
  return made;
}

function press(buttons, isPressed) {
  for (const [place, one] of [...buttons].entries()) {
    one.setAttribute('aria-pressed', String(isPressed(one, place)));
  }
}

function tileOf(image, index, onClick) {
  const name = nameOf(image, index);
  const tile = button({ title: name }, [drawImage(image, viewsOf(image)[0].sourceId)], onClick);
  tile.append(el('span', {}, name));
  return tile;
}

const nameOf = ({ label }, index) => (label === undefined ? String(index + 1) : `${index + 1} ${label}`);

/** The image's place and label, and the metadata that was uploaded with the picture. */
async function describe(caption, images, index, sourceId) {
  const name = images.length > 1 ? nameOf(images[index], index) : images[index].label;
  const title = name !== undefined && el('b', {}, String(name));
  caption.replaceChildren(...[title].filter(Boolean));
  caption.hidden = !title;
  caption.dataset.picture = sourceId ?? '';
  const metadata = await metadataOf(sourceId);
  // Another picture may have been chosen while this one was asked for.
  if (caption.dataset.picture !== (sourceId ?? '')) return;
  const values = Object.entries(metadata).map(([key, value]) =>
    el('span', {}, el('i', {}, `${key} `), shown(value)),
  );
  caption.append(...values);
  caption.hidden = caption.childNodes.length === 0;
}

async function metadataOf(sourceId) {
  if (!isOurs(sourceId)) return {};
  const answer = await fetch(`/_simulator/pictures/${sourceId}`);
  return answer.ok ? (await answer.json()).metadata : {};
}

/** Input first: annotations belong to its pixels, and an output picture usually has them drawn in already. */
function viewsOf({ inputSourceId, sourceId }) {
  const views = [
    { sourceId: inputSourceId, name: 'input' },
    { sourceId, name: 'output' },
  ].filter((view) => typeof view.sourceId === 'string');
  return views.length > 0 ? views : [{ sourceId: undefined, name: 'frame' }];
}
