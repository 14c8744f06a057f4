/** Where a picture stands in its event. */
export interface PicturePlace {
  /** shown with its annotations, or as the detector got it */
  role: 'output' | 'input';
  /** position in the event's `images`; missing: the first */
  image?: number;
}

/** The field of an entry of `images` that names an uploaded picture. */
export function sourceIdField(role: PicturePlace['role']): 'sourceId' | 'inputSourceId' {
  return role === 'output' ? 'sourceId' : 'inputSourceId';
}

/** The same text for the same place only. */
export function placeKey({ role, image = 0 }: PicturePlace): string {
  return `${image}-${role}`;
}
