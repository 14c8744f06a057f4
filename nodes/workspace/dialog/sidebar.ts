import type { Text } from '../../editor/form';
import { adminError, makeButton, makeElement, type AdminRequests } from '../../editor/live';
import type { LiveAnswer } from '../../shared/live-event';
import { createLiveList } from './sidebar-list';
import { createLiveWorkspaces, type LiveWorkspace } from './sidebar-workspaces';
import './sidebar.css';

const TAB = 'vision-events';
/** The runtime says on it that something is new. */
const TOPIC = 'vision-events/live';
/** Of the state of the workspaces while the tab is shown. */
const BEAT_MS = 2000;
/** Hidden, only its badge is to be right. */
const BEATS_WHEN_HIDDEN = 15;
/** Without news the runtime is asked all the same, since that tells it that somebody looks. */
const ASK_ANYWAY_MS = 30_000;

/** The sidebar tab "Vision Events". `add` and `remove` are for the node type's `onpaletteadd` and `onpaletteremove`. */
export function createSidebar(t: Text, admin: AdminRequests) {
  let tab: ReturnType<typeof makeTab> | undefined;

  function add() {
    if (tab) return;
    tab = makeTab(t, admin);
    RED.sidebar.addTab({
      id: TAB,
      label: t('sidebar.label'),
      name: t('sidebar.name'),
      content: tab.content,
      iconClass: 'fa fa-eye',
      enableOnEdit: true,
      pinned: true,
    });
    tab.start();
  }

  function remove() {
    if (!tab) return;
    tab.stop();
    tab = undefined;
    RED.sidebar.removeTab(TAB);
  }

  return { add, remove };
}

function makeTab(t: Text, admin: AdminRequests) {
  const list = createLiveList(t, admin);
  const workspaces = createLiveWorkspaces(t, admin);
  const pause = makeButton(t('sidebar.pause'), 'fa fa-pause', () => setPaused(!isPaused));
  pause.setAttribute('aria-pressed', 'false');
  list.filters.append(pause);
  const content = makeElement(
    'div',
    { class: 'vision-event-form vision-event-live', 'data-form': 'sidebar', tabindex: 0 },
    admin.mayRead()
      ? [workspaces.element, list.filters, list.element]
      : makeElement('p', { class: 'vision-event-live-note' }, t('sidebar.forbidden')),
  );

  let cursor: string | undefined;
  let isPaused = false;
  let isInView = false;
  let isAsking = false;
  let hasNews = true;
  let askedAt = -Infinity;
  let beats = 0;
  let beating: ReturnType<typeof setInterval> | undefined;

  const isLooked = () => isInView && document.visibilityState === 'visible';

  const watcher = new IntersectionObserver((changes) => {
    isInView = changes.at(-1)?.isIntersecting ?? false;
    lookAgain();
  });

  function start() {
    if (!admin.mayRead()) return;
    watcher.observe(content);
    document.addEventListener('visibilitychange', lookAgain);
    RED.comms.subscribe(TOPIC, onTick);
    beating = setInterval(beat, BEAT_MS);
    void lookAtWorkspaces();
  }

  function stop() {
    watcher.disconnect();
    document.removeEventListener('visibilitychange', lookAgain);
    RED.comms.unsubscribe(TOPIC, onTick);
    clearInterval(beating);
    setNeeded(false);
  }

  function onTick() {
    hasNews = true;
    void look();
  }

  /** What happened while nobody looked is asked for at once. */
  function lookAgain() {
    if (!isLooked()) return;
    hasNews = true;
    void look();
    void lookAtWorkspaces();
  }

  function beat() {
    beats += 1;
    if (!isLooked()) {
      if (beats % BEATS_WHEN_HIDDEN === 0) void lookAtWorkspaces();
      return;
    }
    void lookAtWorkspaces();
    if (performance.now() - askedAt > ASK_ANYWAY_MS) hasNews = true;
    void look();
  }

  /** One question at a time: news that come meanwhile are asked for when it is answered. */
  async function look() {
    if (isAsking || isPaused || !hasNews || !isLooked()) return;
    isAsking = true;
    hasNews = false;
    askedAt = performance.now();
    try {
      const since = cursor === undefined ? '' : `?since=${encodeURIComponent(cursor)}`;
      const answer = await admin.get<LiveAnswer>(`live${since}`);
      if (isPaused) hasNews = true;
      else {
        cursor = answer.cursor;
        list.take(answer);
        if (answer.isOff) list.say(t('sidebar.off'));
        if (answer.isPart) hasNews = true;
      }
    } catch (error) {
      // The next beat asks again.
      hasNews = true;
      list.say(adminError(error).message);
      return;
    } finally {
      isAsking = false;
    }
    void look();
  }

  async function lookAtWorkspaces() {
    try {
      const answer = await admin.get<{ workspaces: LiveWorkspace[] }>('live/workspaces');
      setNeeded(workspaces.show(answer.workspaces));
    } catch {
      // What is shown stays; the list says why nothing comes.
    }
  }

  function setPaused(pauses: boolean) {
    isPaused = pauses;
    pause.setAttribute('aria-pressed', String(pauses));
    pause.querySelector('i')!.className = pauses ? 'fa fa-play' : 'fa fa-pause';
    if (pauses) return;
    hasNews = true;
    void look();
  }

  /** The editor makes the buttons of its tabs anew when it likes: sidebar.css finds the right ones. */
  const setNeeded = (isNeeded: boolean) =>
    document.documentElement.classList.toggle('vision-event-needed', isNeeded);

  return { content, start, stop };
}
