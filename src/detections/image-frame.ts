import { displaySize } from '../images/formats';
import type { Frame } from './geometry';
import { readPictureSize } from './picture-size';
import type { ImageReading } from './reading';
import type { DetectionContext, DetectionSettings, NoteCode, Size } from './types';
import { own, toSize } from './values';

/**
 * Finds the size of each image of one payload and what its coordinates count in. The first that is known wins: the node's setting or
 * `msg.imageWidth/imageHeight`, the size in the payload, `msg.shape` (TensorFlow.js only), the header of the attached picture.
 */
export class FrameFinder {
  private readonly explicit: Size | undefined;
  private readonly picture: Size | undefined;

  constructor(
    private readonly settings: DetectionSettings,
    private readonly context: DetectionContext,
    private readonly format: string,
    private readonly notes: Set<NoteCode>,
  ) {
    this.explicit = usableSize(settings.imageSize) ?? usableSize(context.imageSize);
    this.picture = this.readPicture();
  }

  /** @param alone whether it is the only image: one setting and one picture cannot speak for several */
  frameOf(image: ImageReading, alone: boolean): Frame {
    const given = alone ? (this.explicit ?? image.size) : (image.size ?? this.explicit);
    const known = given ?? this.shapeSize();
    const picture = alone || !known ? this.picture : undefined;
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
    return { picture: known ?? (picture && plain(picture)), fit: 'squash' };
  }

  private sourceOf(image: ImageReading): { size: Size; fit: Frame['fit'] } | undefined {
    const size = usableSize(this.settings.sourceSize);
    return size ? { size, fit: this.settings.sourceFit ?? 'squash' } : image.source;
  }

  /** With a source size, a size in the payload that equals it is the detector's grid, not the picture's. */
  private pictureOfScaled(image: ImageReading, source: Size, picture: Size | undefined): Size | undefined {
    const fromPayload = image.size && !sameSize(image.size, source) ? image.size : undefined;
    return this.explicit ?? fromPayload ?? this.shapeSize() ?? (picture && plain(picture)) ?? image.size;
  }

  private shapeSize(): Size | undefined {
    if (this.format !== 'tfjs') return undefined;
    return toSize(own(this.context.shape, 1), own(this.context.shape, 0));
  }

  private readPicture(): Size | undefined {
    const { picture } = this.context;
    if (picture === undefined || picture.length === 0) return undefined;
    const size = readPictureSize(picture);
    if (!size) {
      this.notes.add('picture-unreadable');
      return undefined;
    }
    if ((size.orientation ?? 1) < 5) return size;
    this.notes.add('exif-rotated');
    return this.settings.exifOrientation === 'stored' ? size : displaySize(size);
  }
}

function usableSize(size: Size | undefined): Size | undefined {
  return size && toSize(size.width, size.height);
}

function sameSize(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height;
}

function plain({ width, height }: Size): Size {
  return { width, height };
}
