import type { Text } from '../../editor/form';
import { makeElement, makeSvg, setText } from '../../editor/live';

const BAR = 4;
const HEIGHT = 30;

/** Numbers of the last minutes as bars; the last one is of the minute that still runs. */
export function createMinuteChart(t: Text, minutes: number) {
  const bars = Array.from({ length: minutes }, (_bar, index) =>
    makeSvg('rect', { x: index * BAR, width: BAR - 1, y: HEIGHT, height: 0 }),
  );
  const svg = makeSvg(
    'svg',
    { viewBox: `0 0 ${minutes * BAR} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' },
    makeSvg('line', { x1: 0, x2: minutes * BAR, y1: HEIGHT, y2: HEIGHT }),
    bars,
  );
  const caption = makeElement('div', { class: 'vision-event-note' });
  const element = makeElement('div', { class: 'vision-event-chart' }, svg, caption);

  function show(counts: readonly number[]) {
    const most = Math.max(...counts, 1);
    for (const [index, bar] of bars.entries()) {
      const count = counts[index] ?? 0;
      // One event in a busy hour can be seen all the same.
      const height = count === 0 ? 0 : Math.max(1.5, (count / most) * (HEIGHT - 1));
      bar.setAttribute('y', String(HEIGHT - height));
      bar.setAttribute('height', String(height));
    }
    const total = counts.reduce((sum, count) => sum + count, 0);
    const text = t('sidebar.perMinute', { n: total, most: Math.max(...counts, 0) });
    svg.setAttribute('aria-label', text);
    setText(caption, text);
  }

  return { element, show };
}
