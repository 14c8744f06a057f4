import { makeElement, type AdminRequests } from '../../editor/live';

/** So many are fetched and decoded at the same time. */
const MOST_AT_ONCE = 2;
/** Pictures are fetched shortly before they scroll into view. */
const AHEAD = '150px';

interface Wanted {
  canvas: HTMLCanvasElement;
  id: number;
  /** of the canvas, CSS pixels */
  width: number;
  onMissing: () => void;
}

/** The pictures of the list: fetched when they come into view, and scaled by the browser, off its main thread. */
export function createPictures(admin: AdminRequests) {
  const wanted = new Map<Element, Wanted>();
  /** of these, what is in view; the first one came first */
  const inView = new Set<Wanted>();
  let underWay = 0;

  const observer = new IntersectionObserver(
    (changes) => {
      for (const { target, isIntersecting } of changes) {
        const one = wanted.get(target);
        if (one && isIntersecting) inView.add(one);
        else if (one) inView.delete(one);
      }
      next();
    },
    { rootMargin: AHEAD },
  );

  function forget(canvas: Element) {
    const one = wanted.get(canvas);
    if (!one) return;
    observer.unobserve(canvas);
    wanted.delete(canvas);
    inView.delete(one);
  }

  /** @param onMissing the runtime has it no more, or the browser cannot show it */
  function make(id: number, width: number, onMissing: () => void): HTMLCanvasElement {
    const canvas = makeElement('canvas', { 'aria-hidden': 'true' });
    wanted.set(canvas, { canvas, id, width, onMissing });
    observer.observe(canvas);
    return canvas;
  }

  function next() {
    for (const one of inView) {
      if (underWay >= MOST_AT_ONCE) return;
      forget(one.canvas);
      underWay += 1;
      void paint(one).finally(() => {
        underWay -= 1;
        next();
      });
    }
  }

  async function paint({ canvas, id, width, onMissing }: Wanted) {
    try {
      const blob = await admin.picture(`live/${id}/picture`);
      const resizeWidth = Math.ceil(width * Math.min(2, window.devicePixelRatio));
      const bitmap = await createImageBitmap(blob, { resizeWidth, resizeQuality: 'medium' });
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
      canvas.getContext('bitmaprenderer')?.transferFromImageBitmap(bitmap);
    } catch {
      onMissing();
    }
  }

  return { make, forget };
}

export type Pictures = ReturnType<typeof createPictures>;
