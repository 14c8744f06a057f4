import type { DetectionSettings, Size } from '../../src/detections/types';
import { parseClasses } from '../../src/event/derive';
import type { VisionEventProperties } from './properties';

/** A number, also as text (so Node-RED saves what a dialog holds); undefined when it is none or the text is empty. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'string' ? value.trim() === '' : typeof value !== 'number') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function sizeOf(width: unknown, height: unknown): Size | undefined {
  const size = { width: numberOf(width) ?? 0, height: numberOf(height) ?? 0 };
  return size.width > 0 && size.height > 0 ? size : undefined;
}

/** The properties of a dialog that say how a detector's payload is read; a node may have only some of them. */
export type DetectionProperties = Pick<VisionEventProperties, 'format' | 'mapping' | 'units'> &
  Partial<VisionEventProperties>;

/** What the dialog says about the detector, as `convertDetections` takes it. */
export function detectionSettings(config: DetectionProperties): DetectionSettings {
  return {
    format: config.format || 'auto',
    mapping: config.mapping || undefined,
    units: config.units || 'auto',
    defaultClass: config.defaultClass || undefined,
    defaultConfidence: numberOf(config.defaultConfidence),
    allClasses: config.allClasses === true,
    exifOrientation: config.exifOrientation || 'turned',
    personalNames: config.personalNames === true,
    labels: config.labels ? parseClasses(config.labels) : undefined,
    sourceSize: sizeOf(config.sourceWidth, config.sourceHeight),
    sourceFit: config.sourceFit || 'squash',
    imageSize: sizeOf(config.imageWidth, config.imageHeight),
    output: config.output || undefined,
    frigateBox: config.frigateBox || 'snapshot',
    scaleToImage: config.scaleToImage === true,
    onMissingSize: config.missingSize || 'error',
    metadataCandidates: config.detectionMetadata === true,
  };
}

/** Size of the picture from `msg.imageWidth` and `msg.imageHeight` (numbers or numeric texts). */
export function messageImageSize(message: Record<string, unknown>): Size | undefined {
  return sizeOf(message['imageWidth'], message['imageHeight']);
}
