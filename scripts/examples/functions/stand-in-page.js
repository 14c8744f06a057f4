// Shows the newest events that arrived, with their pictures and boxes. The page asks for "?events" again and again, and
// for "?picture=<id>".
const events = flow.get('events') || [];
const { picture } = msg.req.query;
if (picture !== undefined) {
  const pictures = flow.get('pictures') || {};
  const kept = Object.hasOwn(pictures, picture) ? Buffer.from(pictures[picture], 'base64') : undefined;
  msg.statusCode = kept ? 200 : 404;
  // Whatever was uploaded is a picture to the browser, or nothing.
  msg.headers = { 'content-type': kept && kept[0] === 0x89 ? 'image/png' : 'image/jpeg', 'x-content-type-options': 'nosniff' };
  msg.payload = kept || '';
  return msg;
}
if (msg.req.query.events !== undefined) {
  msg.headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  msg.payload = { count: flow.get('count') || events.length, events: events.slice(0, 20) };
  return msg;
}
msg.headers = { 'content-type': 'text/html; charset=utf-8' };
msg.payload = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What arrived at the stand-in</title>
<style>
  :root { color-scheme: light dark }
  body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; padding: 0 1rem; max-width: 76rem }
  h1 { font-size: 1.4rem } main { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)) }
  article { background: #8881; border: 1px solid #8883; border-radius: 8px; overflow: hidden }
  svg { display: block; width: 100%; height: auto; background: #8882 }
  rect { fill: none; stroke-width: 2; vector-effect: non-scaling-stroke } svg text { font-weight: 600; paint-order: stroke; stroke: #000a; stroke-width: .2em; fill: #fff }
  h2 { font-size: 1rem; margin: .7rem .9rem 0 } p { margin: .1rem .9rem .6rem; overflow-wrap: anywhere } .fail { color: #e5484d } .pass { color: #2b9a66 }
  details { margin: 0 .9rem .8rem } pre { overflow: auto; font-size: 12px; max-height: 20rem }
</style>
<h1 aria-live="polite">Waiting for events …</h1>
<main></main>
<script>
  const COLOURS = ['#ff5c5c', '#3ba3ff', '#37c871', '#ffb02e', '#c77dff', '#2ad4d4'];
  const colourOf = (name) => COLOURS[[...String(name)].reduce((sum, c) => sum + c.codePointAt(0), 0) % COLOURS.length];
  const element = (name, text) => Object.assign(document.createElement(name), text === undefined ? {} : { textContent: text });
  function drawing(name, attributes, text) {
    const node = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    return node;
  }
  const boxesOf = (image) => [...(image.objectDetections || []), ...(image.instanceSegmentations || []), ...(image.keypoints || [])]
    .filter((box) => [box.x, box.y, box.width, box.height].every(Number.isFinite));
  /** A box's x and y are its middle, in pixels of the picture. */
  function draw(svg, boxes, width, height, href) {
    svg.replaceChildren();
    svg.setAttribute('viewBox', '0 0 ' + width + ' ' + height);
    if (href) svg.append(drawing('image', { href, width, height }));
    for (const box of boxes) {
      const place = { x: box.x - box.width / 2, y: box.y - box.height / 2 };
      const label = box.class + (Number.isFinite(box.confidence) ? ' ' + Math.round(box.confidence * 100) + ' %' : '');
      svg.append(drawing('rect', { ...place, width: box.width, height: box.height, stroke: colourOf(box.class) }),
        drawing('text', { x: place.x + 3, y: Math.max(place.y - 4, height / 24), 'font-size': height / 26 }, label));
    }
  }
  function pictureOf(image) {
    const boxes = boxesOf(image);
    const id = image.sourceId || image.file || image.inputSourceId || image.inputFile;
    const svg = drawing('svg', { role: 'img', 'aria-label': boxes.map((box) => box.class).join(', ') || 'nothing detected' });
    const reach = (far) => Math.max(...boxes.map(far), 0) * 1.05;
    const size = [Math.max(640, reach((box) => box.x + box.width / 2)), Math.max(360, reach((box) => box.y + box.height / 2))];
    draw(svg, boxes, ...size);
    if (!id) return svg;
    const picture = new Image();
    picture.onload = () => draw(svg, boxes, picture.naturalWidth, picture.naturalHeight, picture.src);
    picture.src = '?picture=' + encodeURIComponent(id);
    return svg;
  }
  function card(event) {
    const article = element('article');
    const data = event.eventData || {};
    for (const image of (event.images || []).slice(0, 4)) article.append(pictureOf(image));
    const title = element('h2', String(event.eventType).replaceAll('_', ' '));
    const said = data.result || data.alertType || data.feedback || (data.itemCount === undefined ? '' : data.itemCount + ' ' + (data.itemType || ''));
    const word = element('span', said === '' ? '' : ' · ' + said);
    if (data.result === 'pass' || data.result === 'fail') word.className = data.result;
    title.append(word);
    const more = element('details');
    more.append(element('summary', 'the whole event'), element('pre', JSON.stringify(event, null, 2)));
    const time = new Date(event.timestamp);
    article.append(title, element('p', [isNaN(time) ? event.timestamp : time.toLocaleTimeString(), event.deviceId, event.useCaseId].filter(Boolean).join(' · ')), more);
    return article;
  }
  const cards = new Map();
  async function refresh() {
    try {
      const { count, events } = await (await fetch('?events')).json();
      document.querySelector('h1').textContent = count + (count === 1 ? ' event' : ' events') + ' arrived';
      const texts = events.map((event) => JSON.stringify(event));
      for (const known of cards.keys()) if (!texts.includes(known)) cards.delete(known);
      events.forEach((event, i) => cards.has(texts[i]) || cards.set(texts[i], card(event)));
      const wanted = texts.map((text) => cards.get(text));
      const main = document.querySelector('main');
      // What is there already is not moved: an opened one stays open, a loaded picture loaded.
      for (const old of [...main.children]) if (!wanted.includes(old)) old.remove();
      wanted.forEach((each, i) => main.children[i] === each || main.insertBefore(each, main.children[i] || null));
    } catch {
      document.querySelector('h1').textContent = 'Node-RED does not answer';
    }
    setTimeout(refresh, 2000);
  }
  refresh();
</script>
</html>`;
return msg;
