/** A page of metrics as its samples, by `name{label="value",…}` with the labels in alphabetical order. */
export class MetricsPage {
  private readonly samples = new Map<string, number>();

  constructor(readonly text: string) {
    for (const line of text.split('\n')) {
      const sample = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
      if (!sample) continue;
      const [, name, labels = '', value] = sample;
      this.samples.set(keyOf(name!, labelsOf(labels)), Number(value));
    }
  }

  /** @returns undefined when there is no such sample */
  value(name: string, labels: Record<string, string> = {}): number | undefined {
    return this.samples.get(keyOf(name, labels));
  }

  /** Of all samples of that name that have at least these labels. */
  sum(name: string, labels: Record<string, string> = {}): number {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
    return [...this.samples]
      .filter(([key]) => key.startsWith(`${name}{`) && wanted.every((part) => key.includes(part)))
      .reduce((sum, [, value]) => sum + value, 0);
  }

  /** What a failed test shows. */
  linesOf(workspace: string): string {
    const lines = this.text.split('\n').filter((line) => line.includes(JSON.stringify(workspace)));
    return lines.filter((line) => !line.includes('_bucket{')).join('\n');
  }

  /** How many series there are of that name. */
  series(name: string): number {
    return [...this.samples.keys()].filter((key) => key.startsWith(`${name}{`)).length;
  }
}

function labelsOf(text: string): Record<string, string> {
  const labels = text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g);
  return Object.fromEntries(
    [...labels].map(([, label, value]) => [label!, JSON.parse(`"${value}"`) as string]),
  );
}

function keyOf(name: string, labels: Record<string, string>): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${name}{${sorted.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(',')}}`;
}
