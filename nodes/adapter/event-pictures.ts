import type { Node, NodeAPI } from 'node-red';
import type { Target } from '../../src/delivery/target';
import { ImageError, type Picture } from '../../src/images/picture';
import type { VisionEvent } from '../../src/event/types';
import type { VisionEventProperties } from '../properties';
import type { FlowMessage } from './guarded-input';
import type { EventReport } from './report';
import { pictureInput } from './picture-input';

export interface LoadedPicture {
  role: 'output' | 'input';
  picture: Picture;
}

interface PictureInput {
  role: 'output' | 'input';
  read: NonNullable<ReturnType<typeof pictureInput>>;
}

/** The pictures of one `vision-event` node: loaded from the message, uploaded, named in the event. Output first. */
export class EventPictures {
  private readonly inputs: PictureInput[] = [];

  constructor(
    RED: NodeAPI,
    node: Node,
    private readonly config: VisionEventProperties,
  ) {
    for (const role of ['output', 'input'] as const) {
      const field = `${role}Image` as const;
      const read = pictureInput(RED, node, field, config[field], config[`${field}Type`]);
      if (read) this.inputs.push({ role, read });
    }
  }

  /** @throws ImageError when a picture is unusable and the node does not send without it */
  async load(message: FlowMessage, report: EventReport, maxBytes?: number): Promise<LoadedPicture[]> {
    const loaded: LoadedPicture[] = [];
    for (const { role, read } of this.inputs) {
      await this.orSendWithout(report, role, async () => {
        loaded.push({ role, picture: await read(message, maxBytes) });
      });
    }
    return loaded;
  }

  /** The event with the `sourceId` of each uploaded picture in its first image entry. */
  async upload(
    event: VisionEvent,
    pictures: LoadedPicture[],
    target: Pick<Target, 'uploadPicture'>,
    report: EventReport,
  ): Promise<VisionEvent> {
    const ids: { sourceId?: string; inputSourceId?: string } = {};
    for (const { role, picture } of pictures) {
      await this.orSendWithout(report, role, async () => {
        const { sourceId, url } = await target.uploadPicture(picture);
        ids[role === 'output' ? 'sourceId' : 'inputSourceId'] = sourceId;
        (report.images ??= []).push({ role, sourceId, url, bytes: picture.bytes.length });
      });
    }
    return pictures.length === 0 ? event : withSourceIds(event, ids);
  }

  private async orSendWithout(
    report: EventReport,
    role: LoadedPicture['role'],
    attempt: () => Promise<void>,
  ): Promise<void> {
    try {
      await attempt();
    } catch (error) {
      if (!this.maySendWithout([role], error, report)) throw error;
    }
  }

  /** True when the node sends events without pictures that failed in this way; it is noted in the report then. */
  maySendWithout(roles: LoadedPicture['role'][], error: unknown, report: EventReport): boolean {
    if (this.config.whenImageFails !== 'send-without' || !isAboutThePicture(error)) return false;
    const { message } = error;
    (report.imagesLeftOut ??= []).push(...roles.map((role) => ({ role, message })));
    return true;
  }
}

/** A picture that cannot be used or was refused. A dead link is not the picture's fault: the event would fail as well. */
function isAboutThePicture(error: unknown): error is Error {
  if (error instanceof ImageError) return true;
  return error instanceof Error && (error as { code?: unknown }).code === 'REJECTED';
}

function withSourceIds(event: VisionEvent, ids: { sourceId?: string; inputSourceId?: string }): VisionEvent {
  const [first = {}, ...others] = event.images ?? [];
  const { label, ...annotations } = first;
  const complete = { ...(label === undefined ? {} : { label }), ...ids, ...annotations };
  const { displayImagePosition: _withoutPicture, ...rest } = event;
  const images = Object.keys(complete).length > 0 || others.length > 0 ? [complete, ...others] : [];
  const hasPicture = ids.sourceId !== undefined || ids.inputSourceId !== undefined;
  return { ...rest, images, ...(hasPicture ? { displayImagePosition: 0 } : {}) };
}
