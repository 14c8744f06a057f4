import { displaySize } from '../../src/images/formats';
import { MAX_PICTURE_BYTES } from '../shared/last-messages';
import type { LoadedPicture } from '../shared/send-event';
import { dataUrlOf, isShownByBrowsers } from '../shared/shown-picture';

/** The pictures of an event for "Try it": as they leave, with the bytes that they had when they came. */
export function shownPictures(came: readonly LoadedPicture[], leaving: readonly LoadedPicture[]) {
  return leaving.map(({ picture, ...placeAndMetadata }) => {
    const { bytes, mediaType, name } = picture;
    const { role, image = 0 } = placeAndMetadata;
    const ofImage = came.filter((one) => (one.image ?? 0) === image);
    // One that is drawn is made from the input picture.
    const before = (ofImage.find((one) => one.role === role) ?? ofImage[0])?.picture;
    const isShown = bytes.length <= MAX_PICTURE_BYTES && isShownByBrowsers(mediaType);
    return {
      ...placeAndMetadata,
      name,
      mediaType,
      bytes: bytes.length,
      size: displaySize(picture),
      ...(before &&
        before !== picture && { before: { bytes: before.bytes.length, size: displaySize(before) } }),
      ...(isShown ? { dataUrl: dataUrlOf(mediaType, bytes) } : {}),
    };
  });
}
