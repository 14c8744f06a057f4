/** The texts of all nodes' statuses are in one catalogue, that of the workspace. */
export const STATUS_CATALOGUE = '@vision-events/node-red-roboflow/roboflow-vision-event-workspace:';

const DETECTIONS = 'DETECTIONS_';

/**
 * Where the catalogue has the short text of an error, by its code: `status.NETWORK`,
 * `status.detectionError.unknown-format`.
 */
export function statusKeyOf(code: string): string {
  if (!code.startsWith(DETECTIONS)) return `status.${code}`;
  return `status.detectionError.${code.slice(DETECTIONS.length).toLowerCase().replaceAll('_', '-')}`;
}
