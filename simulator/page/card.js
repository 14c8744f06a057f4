import { el, svg } from './dom.js';
import { annotationsOf, colourOf, drawImage } from './drawing.js';

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

/** The display image, and buttons for the event's other images and for the untouched input pictures. */
function pictures(images, displayed, enlarge) {
  const stage = el('div', { class: 'stage' });
  const buttons = el('div', { class: 'views', role: 'group', 'aria-label': 'Pictures' });
  const views = images.flatMap((image, index) =>
    viewsOf(image, images.length > 1 ? `${index + 1} ` : '', index),
  );
  const show = (view) => {
    const drawing = drawImage(view.image, view.sourceId);
    const open = el(
      'button',
      { type: 'button', class: 'enlarge', 'aria-label': 'Enlarge the picture' },
      drawing,
    );
    open.addEventListener('click', () => enlarge(drawImage(view.image, view.sourceId)));
    stage.replaceChildren(open);
    for (const [index, button] of [...buttons.children].entries()) {
      button.setAttribute('aria-pressed', String(views[index] === view));
    }
  };
  if (views.length > 1) {
    buttons.append(
      ...views.map((view) => {
        const button = el('button', { type: 'button' }, view.name);
        button.addEventListener('click', () => show(view));
        return button;
      }),
    );
  }
  show(views.find(({ index }) => index === displayed) ?? views[0]);
  return el('div', { class: 'pictures' }, stage, views.length > 1 && buttons);
}

/** Input first: annotations belong to its pixels, and an output picture usually has them drawn in already. */
function viewsOf(image, prefix, index) {
  const views = [];
  if (typeof image.inputSourceId === 'string') {
    views.push({ image, index, sourceId: image.inputSourceId, name: `${prefix}input` });
  }
  if (typeof image.sourceId === 'string') {
    views.push({ image, index, sourceId: image.sourceId, name: `${prefix}output` });
  }
  return views.length > 0 ? views : [{ image, index, sourceId: undefined, name: `${prefix}frame` }];
}
