import formats from 'derived:formats';

const byLabel = (kind: 'adapter' | 'preset') =>
  formats
    .filter((format) => format.kind === kind)
    .sort((first, second) => first.label.localeCompare(second.label, 'en'));

/** By their group in the drop-down. */
export const FORMAT_GROUPS = { recognised: byLabel('adapter'), presets: byLabel('preset') };

export const isRecognised = (id: string) => FORMAT_GROUPS.recognised.some((format) => format.id === id);

/** No format at all means the automatic choice, here as in the runtime. */
export const isKnownFormat = (id: string) =>
  ['', 'auto', 'custom'].includes(id) || formats.some((format) => format.id === id);
