// Lists the last events, each with its picture and boxes, and a form: three buttons and a note.
const escape = (text) => String(text).replace(/[&<>"']/g, (c) => '&#' + c.charCodeAt(0) + ';');
const answers = flow.get('answers') || {};
const WIDTH = 640;
const HEIGHT = 360;
const boxOf = ({ class: name, x, y, width, height }) => {
  const [left, top] = [x - width / 2, y - height / 2];
  return `<rect class="${name === 'scratch' ? 'bad' : ''}" x="${Number(left)}" y="${Number(top)}" width="${Number(width)}" height="${Number(height)}"/>
  <text x="${Number(left) + 3}" y="${Math.max(16, Number(top) - 5)}">${escape(name)}</text>`;
};
const rows = (flow.get('lastEvents') || []).map((event) => `
  <form method="post"><input type="hidden" name="eventId" value="${escape(event.eventId)}">
  <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="what the camera saw">
  <image href="data:image/png;base64,${escape(event.picture)}" width="${WIDTH}" height="${HEIGHT}"/>${event.boxes.map(boxOf).join('')}</svg>
  <p><b class="${escape(event.result)}">${escape(event.result)}</b> <time datetime="${escape(event.timestamp)}">${escape(event.timestamp)}</time>
  ${escape(answers[event.eventId] || '')}</p>
  <input name="note" maxlength="500" placeholder="note" aria-label="note">
  <div>${['correct', 'incorrect', 'inconclusive'].map((word) => `<button name="feedback" value="${word}">${word}</button>`).join(' ')}</div>
  </form>`);
msg.headers = { 'content-type': 'text/html; charset=utf-8' };
msg.payload = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Was the camera right?</title>
  <meta name="viewport" content="width=device-width">
  <style>:root{color-scheme:light dark}body{font:17px system-ui;margin:1.5rem auto;padding:0 1rem;max-width:44rem}
  form{margin:1rem 0;padding:1rem;background:#8881;border-radius:8px}svg{display:block;width:100%;height:auto}
  rect{fill:none;stroke:#3ba3ff;stroke-width:2}rect.bad{stroke:#ff2d2d;stroke-width:4}text{font-size:15px;fill:#fff;paint-order:stroke;stroke:#000a;stroke-width:3px}
  .fail{color:#e5484d}.pass{color:#2b9a66}button,input{font:inherit;padding:.6rem;margin-top:.5rem}button{min-width:8rem}</style>
  <h1>Was the camera right?</h1>${rows.join('') || '<p>No event yet. Reload in a few seconds.</p>'}
  <script>for (const time of document.querySelectorAll('time')) time.textContent = new Date(time.dateTime).toLocaleTimeString();</script></html>`;
return msg;
