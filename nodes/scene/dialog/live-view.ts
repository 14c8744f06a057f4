import { colourOf } from '../../editor/colours';
import type { Text } from '../../editor/form';
import { adminError, makeElement, makeSvg, setText, type AdminRequests } from '../../editor/live';
import type { Size, ZoneCanvas } from './zone-canvas';

interface Track {
  id: string;
  class: string;
  isConfirmed: boolean;
  points: [x: number, y: number, height: number][];
  box?: [x: number, y: number, width: number, height: number];
}

interface View {
  cameras: string[];
  camera?: string;
  /** epoch milliseconds */
  at?: number;
  size?: Size;
  tracks?: Track[];
  picture?: { at: number; dataUrl?: string };
}

const ASK_EVERY_MS = 1000;

/** The last picture of the deployed node and the tracks of the last seconds, while the section is open. */
export class LiveView {
  readonly parts: HTMLElement[];
  private readonly status = makeElement('span', { class: 'vision-event-try-status', 'aria-live': 'polite' });
  private readonly cameras = makeElement('select', {});
  private asking: ReturnType<typeof setInterval> | undefined;
  private isWaiting = false;
  private pictureAt: number | undefined;

  /**
   * @param anchor the point of a box that counts, as the dialog has it now
   * @param onCamera another camera was chosen
   */
  constructor(
    private readonly nodeId: string,
    private readonly canvas: ZoneCanvas,
    private readonly admin: AdminRequests,
    private readonly t: Text,
    private readonly anchor: () => unknown,
    onCamera: () => void,
  ) {
    this.cameras.setAttribute('aria-label', t('zones.camera'));
    this.cameras.hidden = true;
    this.cameras.addEventListener('change', () => {
      void this.ask();
      onCamera();
    });
    this.parts = [makeElement('div', { class: 'form-row vision-event-pair' }, this.cameras, this.status)];
  }

  /** Undefined: the one that sent last. */
  get camera(): string | undefined {
    return this.cameras.hidden ? undefined : this.cameras.value;
  }

  start(): void {
    this.asking ??= setInterval(() => void this.ask(), ASK_EVERY_MS);
    void this.ask();
  }

  stop(): void {
    clearInterval(this.asking);
    this.asking = undefined;
  }

  private async ask(): Promise<void> {
    if (this.isWaiting) return;
    this.isWaiting = true;
    const query = new URLSearchParams();
    if (this.camera !== undefined) query.set('camera', this.camera);
    if (this.pictureAt !== undefined) query.set('picture', String(this.pictureAt));
    try {
      const path = `scenes/${encodeURIComponent(this.nodeId)}/view?${query.toString()}`;
      const view = await this.admin.get<View>(path);
      if (this.asking) this.show(view);
    } catch (error) {
      const { code, message } = adminError(error);
      setText(this.status, code === 'NOT_DEPLOYED' ? this.t('zones.notDeployed') : message);
    } finally {
      this.isWaiting = false;
    }
  }

  private show({ cameras, camera, at, size, tracks = [], picture }: View): void {
    this.offer(cameras, camera);
    if (at === undefined) return setText(this.status, this.t('zones.waiting'));
    const time = new Date(at).toLocaleTimeString();
    setText(this.status, this.t(picture ? 'zones.seen' : 'zones.noPicture', { time }));
    if (!size) return;
    this.pictureAt = picture?.at;
    this.canvas.show(size, picture?.dataUrl);
    this.canvas.showTracks(tracks.flatMap((track) => this.shapesOf(track, size)));
  }

  private offer(cameras: string[], camera: string | undefined): void {
    const offered = [...this.cameras.options].map(({ value }) => value);
    if (cameras.join('\n') !== offered.join('\n'))
      this.cameras.replaceChildren(
        ...cameras.map((value) => makeElement('option', { value }, value.slice(0, 60))),
      );
    this.cameras.hidden = cameras.length < 2;
    if (camera !== undefined) this.cameras.value = camera;
  }

  private shapesOf({ id, class: name, isConfirmed, points, box }: Track, size: Size): SVGElement[] {
    const stroke = colourOf(name);
    const lower = this.anchor() === 'center' ? 0 : 0.5;
    const way = points.map(([x, y, height]) => `${x * size.width},${(y + lower * height) * size.height}`);
    const trail = makeSvg('polyline', { points: way.join(' '), class: 'vision-event-track', stroke });
    if (!box) return [trail];
    const [x, y, width, height] = box;
    const rect = makeSvg(
      'rect',
      {
        x: (x - width / 2) * size.width,
        y: (y - height / 2) * size.height,
        width: width * size.width,
        height: height * size.height,
        class: 'vision-event-track',
        stroke,
        'stroke-dasharray': isConfirmed ? undefined : '4 4',
      },
      makeSvg('title', {}, `${name} ${id}`),
    );
    return [trail, rect];
  }
}
