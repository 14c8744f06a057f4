/* global document, fetch, location, setInterval, setTimeout */
import { drawCard, icon, TYPES } from './card.js';
import { el } from './dom.js';

/** The live feed: asks every second whether anything changed, and draws only the events it has not drawn yet. */

const POLL_MS = 1000;
const PAGE_SIZE = 50;

const byId = (id) => document.getElementById(id);
const cards = new Map();
const state = {
  revision: undefined,
  limit: PAGE_SIZE,
  total: 0,
  events: [],
  useCases: [],
  paused: false,
  type: '',
  useCase: '',
  onlyWarned: false,
};

async function poll() {
  try {
    if (!state.paused) await refresh();
    setLink(state.paused ? 'paused' : 'live');
  } catch {
    setLink('not reached');
  }
  setTimeout(() => void poll(), POLL_MS);
}

async function refresh() {
  const since = state.revision === undefined ? '' : `&since=${state.revision}`;
  const listing = await (await fetch(`/_simulator/events?limit=${state.limit}${since}`)).json();
  state.revision = listing.revision;
  state.total = listing.total;
  byId('faults').hidden = !listing.faultsSet;
  if (listing.events === null) return;
  state.events = listing.events;
  state.useCases = await (await fetch('/_simulator/use-cases')).json();
  byId('count-events').textContent = listing.total.toLocaleString();
  byId('count-pictures').textContent = listing.pictures.toLocaleString();
  byId('count-warned').textContent = listing.warned.toLocaleString();
  drawUseCases();
  drawFeed();
}

function drawFeed() {
  const shown = state.events.filter(
    (stored) =>
      (!state.type || stored.eventType === state.type) &&
      (!state.useCase || stored.useCaseId === state.useCase) &&
      (!state.onlyWarned || stored.warnings.length > 0),
  );
  const names = new Map(state.useCases.map(({ id, name }) => [id, name]));
  const wanted = new Set(shown.map(keyOf));
  for (const [key, card] of cards) {
    if (wanted.has(key)) continue;
    card.remove();
    cards.delete(key);
  }
  let before = byId('feed').firstElementChild;
  for (const stored of shown) {
    const known = cards.get(keyOf(stored));
    if (known && known === before) {
      before = before.nextElementSibling;
      continue;
    }
    const card = known ?? drawCard(stored, names, enlarge);
    cards.set(keyOf(stored), card);
    byId('feed').insertBefore(card, before);
  }
  drawAges();
  drawEmpty(shown.length === 0);
  byId('more').hidden = state.total <= state.limit;
}

/** Differs when an event was overwritten, and when a simulator that was started anew counts from the beginning. */
function keyOf({ at, sequence, eventId }) {
  return `${at} ${sequence} ${eventId}`;
}

function drawEmpty(isEmpty) {
  byId('empty').hidden = !isEmpty;
  const filtered = state.events.length > 0;
  byId('empty-title').textContent = filtered ? 'No event fits the filter' : 'Waiting for the first event';
  byId('empty-text').hidden = filtered;
  byId('use-cases').hidden = filtered;
}

function drawUseCases() {
  const { useCases } = state;
  byId('use-cases').replaceChildren(
    ...useCases
      .filter(({ status }) => status === 'active')
      .map(({ id, name }) => el('li', {}, el('code', {}, id), name)),
  );
  const select = byId('use-case');
  select.replaceChildren(
    el('option', { value: '' }, 'all use cases'),
    ...useCases.map(({ id, name }) => el('option', { value: id, selected: id === state.useCase }, name)),
  );
}

function drawTypes() {
  const choices = [['', { short: 'All' }], ...Object.entries(TYPES)];
  byId('types').replaceChildren(
    ...choices.map(([type, { short, icon: path }]) => {
      const chip = el('button', { type: 'button', class: `chip ${type}` }, path && icon(path), short);
      chip.setAttribute('aria-pressed', String(type === state.type));
      chip.addEventListener('click', () => {
        state.type = type;
        drawTypes();
        drawFeed();
      });
      return chip;
    }),
  );
}

function drawAges() {
  for (const span of document.querySelectorAll('.ago')) {
    const seconds = Math.max(0, Math.round((Date.now() - Number(span.dataset.at)) / 1000));
    span.textContent = ` ${age(seconds)}`;
  }
}

function age(seconds) {
  if (seconds < 2) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return `${Math.floor(seconds / 3600)} h ago`;
}

function enlarge(drawing) {
  const dialog = byId('enlarged');
  dialog.replaceChildren(drawing);
  dialog.showModal();
}

function setLink(text) {
  const link = byId('link');
  if (link.textContent === text) return;
  link.textContent = text;
  link.dataset.state = text;
}

byId('base-url').textContent = location.origin;
byId('enlarged').addEventListener('click', () => byId('enlarged').close());
byId('use-case').addEventListener('change', ({ target }) => {
  state.useCase = target.value;
  drawFeed();
});
byId('only-warned').addEventListener('change', ({ target }) => {
  state.onlyWarned = target.checked;
  drawFeed();
});
byId('pause').addEventListener('click', ({ target }) => {
  state.paused = !state.paused;
  target.setAttribute('aria-pressed', String(state.paused));
  target.textContent = state.paused ? 'Resume' : 'Pause';
});
byId('more').addEventListener('click', () => {
  state.limit += PAGE_SIZE;
  state.revision = undefined;
});
drawTypes();
setInterval(drawAges, 1000);
void poll();
