// Lists the last events, each with a form: three buttons and a note.
const escape = (text) => String(text).replace(/[&<>"']/g, (c) => '&#' + c.charCodeAt(0) + ';');
const answers = flow.get('answers') || {};
const rows = (flow.get('lastEvents') || []).map((event) => `
  <form method="post"><input type="hidden" name="eventId" value="${escape(event.eventId)}">
  <b>${escape(event.result)}</b> ${escape(event.timestamp)} ${escape(answers[event.eventId] || '')}<br>
  <input name="note" maxlength="500" placeholder="note" aria-label="note">
  ${['correct', 'incorrect', 'inconclusive'].map((word) => `<button name="feedback" value="${word}">${word}</button>`).join(' ')}
  </form>`);
msg.headers = { 'content-type': 'text/html; charset=utf-8' };
msg.payload = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Was the camera right?</title>
  <meta name="viewport" content="width=device-width">
  <style>body{font:17px system-ui;margin:2rem;max-width:44rem}form{margin:1rem 0;padding:1rem;background:#8881}
  button,input{font:inherit;padding:.5rem;margin-top:.5rem}</style>
  <h1>Was the camera right?</h1>${rows.join('') || '<p>No event yet. Reload in a few seconds.</p>'}</html>`;
return msg;
