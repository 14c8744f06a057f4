import { displaySize, type PictureSize } from '../images/formats';
import { DetectionError } from './detection-error';
import type { Frame } from './geometry';
import { readPictureSize } from './picture-size';
import type { ImageReading } from './reading';
import type { DetectionContext, DetectionSettings, NoteCode, Size, StoredSize } from './types';
import { own, toSize } from './values';

/**
 * Finds the size of each image of one payload and what its coordinates count in. The first that is known wins: the
 * node's setting or `msg.imageWidth/imageHeight`, the size in the payload, `msg.shape` (TensorFlow.js only), the header
 * of the attached picture.
 */
export class FrameFinder {
  private readonly explicit: Size | undefined;
  private readonly header: PictureSize | undefined;
  /** size of the picture as it is shown */
  private readonly shown: Size | undefined;

  constructor(
    private readonly settings: DetectionSettings,
    private readonly context: DetectionContext,
    private readonly format: string,
    private readonly notes: Set<NoteCode>,
  ) {
    this.header = this.readHeader();
    this.shown = this.header && displaySize(this.header);
    const explicit = usableSize(settings.imageSize) ?? usableSize(context.imageSize);
    // whoever enters the size of the picture as it is shown means the picture, not what the detector saw
    this.explicit = explicit && this.sawStored() && this.isShownSize(explicit) ? this.header : explicit;
  }

  /** @param alone whether it is the only image: one setting and one picture cannot speak for several */
  frameOf(image: ImageReading, alone: boolean): Frame {
    const isPictureOfImage = alone || !(image.size ?? this.explicit ?? this.shapeSize());
    const sawStored = this.sawStored() && isPictureOfImage && !this.saysUpright(image);
    const seen = this.seenFrame(image, alone, sawStored ? this.header : this.shown);
    return sawStored ? turned(seen, this.header?.orientation ?? 1) : seen;
  }

  /** The frame with the picture as the detector saw it; `attached` is the size of the attached one. */
  private seenFrame(image: ImageReading, alone: boolean, attached: Size | undefined): Frame {
    const given = alone ? (this.explicit ?? image.size) : (image.size ?? this.explicit);
    const known = given ?? this.shapeSize();
    const picture = alone || !known ? attached : undefined;
    const source = this.sourceOf(image);
    if (source)
      return {
        picture: this.pictureOfScaled(image, source.size, picture),
        source: source.size,
        fit: source.fit,
      };

    if (known && picture && !sameSize(known, picture)) {
      if (this.settings.scaleToImage && image.size && !this.explicit) {
        return { picture: plain(picture), source: image.size, fit: this.settings.sourceFit ?? 'squash' };
      }
      this.notes.add('image-size-conflict');
    }
    const size = known ?? picture;
    return { picture: plain(size), fit: 'squash' };
  }

  private sawStored(): boolean {
    return this.settings.exifOrientation === 'stored' && isTurned(this.header);
  }

  /** The size in the payload is that of the shown picture: whatever the setting says, this detector turned it. */
  private saysUpright(image: ImageReading): boolean {
    if (this.explicit || !image.size || !this.isShownSize(image.size)) return false;
    this.notes.add('image-size-conflict');
    return true;
  }

  private isShownSize(size: Size): boolean {
    const { header, shown } = this;
    return header !== undefined && shown !== undefined && sameSize(size, shown) && !sameSize(size, header);
  }

  private sourceOf(image: ImageReading): { size: Size; fit: Frame['fit'] } | undefined {
    const size = usableSize(this.settings.sourceSize);
    if (size) return { size, fit: this.settings.sourceFit ?? 'squash' };
    if (image.source === 'missing') throw sourceSizeRequired();
    return image.source;
  }

  /** With a source size, a size in the payload that equals it is the detector's grid, not the picture's. */
  private pictureOfScaled(image: ImageReading, source: Size, picture: Size | undefined): Size | undefined {
    const fromPayload = image.size && !sameSize(image.size, source) ? image.size : undefined;
    return plain(this.explicit ?? fromPayload ?? this.shapeSize() ?? picture ?? image.size);
  }

  private shapeSize(): Size | undefined {
    if (this.format !== 'tfjs') return undefined;
    return toSize(own(this.context.shape, 1), own(this.context.shape, 0));
  }

  private readHeader(): PictureSize | undefined {
    const { picture } = this.context;
    if (picture === undefined || (!isSize(picture) && picture.length === 0)) return undefined;
    const header = isSize(picture) ? picture : readPictureSize(picture);
    if (!header) this.notes.add('picture-unreadable');
    if (isTurned(header)) this.notes.add('exif-rotated');
    return header;
  }
}

function sourceSizeRequired(): DetectionError {
  return new DetectionError(
    'image-size-required',
    'Enter "Size the detector saw" (sourceWidth), or fix the sender: the boxes count in the size that the detector saw, and the payload does not give it where the format has it.',
  );
}

function isSize(picture: Uint8Array | string | StoredSize): picture is StoredSize {
  return typeof picture === 'object' && 'width' in picture;
}

/** Stored otherwise than it is shown: turned, mirrored or both. */
function isTurned(header: PictureSize | undefined): boolean {
  return (header?.orientation ?? 1) > 1;
}

/** The frame of a detector that saw the picture as stored. */
function turned(seen: Frame, orientation: number): Frame {
  if (!seen.picture) return seen;
  const { width, height } = seen.picture;
  return {
    ...seen,
    picture: displaySize({ width, height, orientation }),
    stored: { width, height, orientation },
  };
}

function usableSize(size: Size | undefined): Size | undefined {
  return size && toSize(size.width, size.height);
}

function sameSize(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height;
}

/** Without the orientation that the size of a picture carries. */
function plain(size: Size | undefined): Size | undefined {
  return size && { width: size.width, height: size.height };
}
