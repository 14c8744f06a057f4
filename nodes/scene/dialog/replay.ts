import type { FormValues } from '../../editor/form';
import { adminError, makeElement, setText, type AdminRequests } from '../../editor/live';

/** What the runtime answers: see `replay.ts` of the node. */
interface Replay {
  frames: number;
  spanMs: number;
  count: number;
  asDeployed: number;
  unread: number;
  unreadBecause?: string;
  moments: {
    kind: string;
    class?: string;
    trackId?: string;
    zone?: string;
    direction?: string;
    count?: number;
    durationMs?: number;
    agoMs: number;
  }[];
}

const AGAIN_MS = 3000;
const TYPING_PAUSE_MS = 400;

/** "Try it" for time: which moments the settings of the open dialog would have made. The runtime finds them. */
export class ReplayView {
  readonly parts: HTMLElement[];
  private readonly status = makeElement('p', { class: 'vision-event-try-status', 'aria-live': 'polite' });
  private readonly leftOut = makeElement('p', { class: 'vision-event-note vision-event-lead' });
  private readonly table = makeElement('table', {});
  private again: ReturnType<typeof setInterval> | undefined;
  private typing: ReturnType<typeof setTimeout> | undefined;
  private turn = 0;

  /** @param camera the chosen one */
  constructor(
    private readonly nodeId: string,
    private readonly form: FormValues,
    private readonly admin: AdminRequests,
    private readonly camera: () => string | undefined,
  ) {
    const note = makeElement('div', { class: 'vision-event-note vision-event-lead' }, form.t('replay.note'));
    const table = makeElement('div', { class: 'vision-event-part' }, this.table);
    this.parts = [note, this.status, this.leftOut, table];
  }

  start(): void {
    if (!this.admin.mayDeploy()) return setText(this.status, this.form.t('replay.forbidden'));
    this.again ??= setInterval(() => void this.run(), AGAIN_MS);
    void this.run();
  }

  stop(): void {
    clearInterval(this.again);
    clearTimeout(this.typing);
    this.again = undefined;
    this.turn++;
  }

  /** A setting has changed. */
  soon(): void {
    if (!this.again) return;
    clearTimeout(this.typing);
    this.typing = setTimeout(() => void this.run(), TYPING_PAUSE_MS);
  }

  private async run(): Promise<void> {
    const own = ++this.turn;
    const { t } = this.form;
    try {
      const body = { id: this.nodeId, properties: this.form.values(), camera: this.camera() };
      const answer = await this.admin.post<Replay>('scenes/replay', body);
      if (own === this.turn) this.show(answer);
    } catch (error) {
      if (own !== this.turn) return;
      const { code, message } = adminError(error);
      this.table.replaceChildren();
      setText(this.leftOut, '');
      setText(this.status, code === 'NOT_DEPLOYED' ? t('zones.notDeployed') : message);
    }
  }

  private show({ frames, spanMs, count, moments, asDeployed, unread, unreadBecause = '' }: Replay): void {
    const { t } = this.form;
    const leftOut = [
      unread > 0 && t('replay.unread', { n: unread, reason: unreadBecause }),
      asDeployed > 0 && t('replay.asDeployed', { n: asDeployed }),
    ].filter((text) => text !== false);
    setText(this.leftOut, leftOut.join(' '));
    const seconds = Math.round(spanMs / 1000);
    if (frames === 0) setText(this.status, t('zones.waiting'));
    else setText(this.status, t('replay.found', { n: count, frames, seconds }));
    const heads = ['ago', 'moment', 'class', 'zone'].map((key) => makeElement('th', {}, t(`replay.${key}`)));
    const rows = [...moments].reverse().map((moment) => this.rowOf(moment));
    this.table.replaceChildren(...(rows.length > 0 ? [makeElement('tr', {}, heads), ...rows] : []));
  }

  private rowOf(moment: Replay['moments'][number]): HTMLElement {
    const { t } = this.form;
    const { kind, class: name = '', trackId, zone = '', direction, count, durationMs, agoMs } = moment;
    const more = [
      count,
      direction && t(`replay.${direction}`),
      kind !== 'count' && durationMs !== undefined && `${(durationMs / 1000).toFixed(1)} s`,
    ].filter((part) => part !== undefined && part !== false);
    const cells = [
      `${(agoMs / 1000).toFixed(1)} s`,
      [t(`option.${kind}`), ...more].join(', '),
      trackId === undefined || trackId === name ? name : `${name} ${trackId}`,
      zone,
    ];
    return makeElement(
      'tr',
      {},
      cells.map((text) => makeElement('td', {}, text)),
    );
  }
}
