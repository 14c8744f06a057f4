import type { BestFrames } from '../../src/scene/best-frames';
import { Scene } from '../../src/scene/scene';
import type { Moment, SceneFrame, SceneSettings } from '../../src/scene/types';
import type { AnnotatedDetection } from './detections';
import type { FrameMessage } from './frame-message';

export type FrameMoment = Moment<FrameMessage, AnnotatedDetection>;

/** The clocks of a frame; all ms. */
export interface FrameTime {
  /** the frame's own time: since 1970, or monotonic where frames have no time of their own */
  at: number;
  /** of its arrival, monotonic */
  arrivedAt: number;
}

/** The scene of one camera, and the clock that takes over when its frames stay away. */
export class Camera {
  readonly scene: Scene<FrameMessage, AnnotatedDetection>;
  /** ms between the last two frames, in their own time; 0 before the second */
  sinceLast = 0;
  /** so many frames in a row came when everything in the one before them counted as gone */
  gapsInARow = 0;
  private last: FrameTime | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly settings: SceneSettings,
    frames: BestFrames<FrameMessage>,
    /** takes what happened while no frame came */
    private readonly onQuiet: (moments: FrameMoment[]) => void,
  ) {
    this.scene = new Scene(settings, frames);
  }

  /** @returns what happened; undefined when the frame is older than the last one */
  take(frame: SceneFrame<FrameMessage, AnnotatedDetection>, arrivedAt: number): FrameMoment[] | undefined {
    const moments = this.scene.frame(frame);
    if (moments) {
      this.sinceLast = this.last ? frame.at - this.last.at : 0;
      this.gapsInARow = this.sinceLast > this.settings.lostAfter ? this.gapsInARow + 1 : 0;
      this.last = { at: frame.at, arrivedAt };
    }
    this.watch();
    return moments;
  }

  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.scene.clear();
  }

  private watch(): void {
    const due = this.scene.quietDueAt;
    if (this.timer || due === undefined) return;
    this.timer = setTimeout(() => this.wake(), Math.min(Math.max(due - this.now(), 1), 2 ** 31 - 1));
  }

  private wake(): void {
    this.timer = undefined;
    const due = this.scene.quietDueAt;
    const now = this.now();
    // frames came meanwhile: look again when it is due
    if (due !== undefined && now >= due) this.onQuiet(this.scene.quiet(now));
    this.watch();
  }

  /** As the frames' own time would be. */
  private now(): number {
    const { at, arrivedAt } = this.last ?? { at: 0, arrivedAt: 0 };
    return at + (performance.now() - arrivedAt);
  }
}
