import type { Adapter } from '../reading';
import { roboflow } from './roboflow';
import { visionEvent } from './vision-event';

/** The formats that `auto` tells apart. Exactly one must match, so their order means nothing. */
export const ADAPTERS: readonly Adapter[] = [visionEvent, roboflow];
