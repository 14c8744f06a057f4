import presetExamples from 'derived:preset-examples';
import { EXAMPLE_PAYLOADS } from './example-payloads';
import { FORMAT_GROUPS } from '../../editor/formats';

interface Example {
  id: string;
  /** empty for the custom mapping, whose name is translated */
  label: string;
  payload: unknown;
}

const USUAL = 'roboflow';
const payloads: Readonly<Record<string, unknown>> = { ...presetExamples, ...EXAMPLE_PAYLOADS };

/** By format, in the order of the drop-down. */
export const EXAMPLES: readonly Example[] = [
  ...Object.values(FORMAT_GROUPS).flat(),
  { id: 'custom', label: '' },
].flatMap(({ id, label }) => (id in payloads ? [{ id, label, payload: payloads[id] }] : []));

/** The id of the example that suits a format: its own, else one that is recognised. */
export const exampleFor = (format: string): string => (format in payloads ? format : USUAL);
