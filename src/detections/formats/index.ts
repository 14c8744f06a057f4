import type { Adapter } from '../reading';
import { awsRekognition } from './aws-rekognition';
import { azureVision } from './azure-vision';
import { deepstack } from './deepstack';
import { deepstream } from './deepstream';
import { dlstreamer } from './dlstreamer';
import { doods } from './doods';
import { edgeImpulse } from './edge-impulse';
import { frigate } from './frigate';
import { googleVision } from './google-vision';
import { huggingface } from './huggingface';
import { roboflow } from './roboflow';
import { sscma } from './sscma';
import { tfjs } from './tfjs';
import { ultralytics } from './ultralytics';
import { visionEvent } from './vision-event';

/** The formats that `auto` tells apart. Exactly one must match, so their order is only that of the editor's list. */
export const ADAPTERS: readonly Adapter[] = [
  roboflow,
  frigate,
  ultralytics,
  deepstack,
  tfjs,
  sscma,
  edgeImpulse,
  awsRekognition,
  googleVision,
  azureVision,
  huggingface,
  dlstreamer,
  doods,
  deepstream,
  visionEvent,
];
