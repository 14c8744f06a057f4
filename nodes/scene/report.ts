/** `msg.scene`: what the node made of a frame. */
export interface SceneReport {
  /** confirmed and not gone, in the scene of this camera */
  things: number;
  /** that this frame brought about */
  moments: number;
  detections?: { format: string; count: number; dropped: number; notes: string[] };
  /** kept for moments to come, by the node as a whole; `dropped`: went since there were too many, or too large ones */
  pictures: { pictures: number; bytes: number; dropped: number };
  /**
   * `late-frame`: older than the last one, left out. `frame-gap`: more than `lostAfter` behind the one before, so
   * everything left
   */
  notes?: ('late-frame' | 'frame-gap')[];
}
