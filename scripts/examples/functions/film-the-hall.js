// Stands in for a camera and a detector with five frames a second: parts pass on a belt, some of them scratched, and a
// person stays in the marked area. `msg.image` is a PNG, `msg.at` its time, `msg.payload` what a Roboflow model
// answers, with its flaws: one in ten is missed.
const WIDTH = 640;
const HEIGHT = 360;
const PALETTE = { wall: [226, 232, 240], floor: [203, 213, 225], mark: [250, 204, 21], belt: [71, 85, 105],
  part: [148, 163, 184], edge: [100, 116, 139], scratch: [220, 38, 38], skin: [217, 160, 120], vest: [249, 115, 22],
  trousers: [37, 99, 235] };
const COLOURS = Object.keys(PALETTE);
const pixels = Buffer.alloc(WIDTH * HEIGHT, COLOURS.indexOf('wall'));

function fill(left, top, width, height, colour) {
  const value = COLOURS.indexOf(colour);
  const [from, to] = [Math.max(0, Math.round(left)), Math.min(WIDTH, Math.round(left + width))];
  if (to <= from) return;
  for (let y = Math.max(0, top); y < Math.min(HEIGHT, top + height); y++) pixels.fill(value, y * WIDTH + from, y * WIDTH + to);
}

const predictions = [];
function see(name, left, top, width, height) {
  const [from, to] = [Math.max(0, left), Math.min(WIDTH, left + width)];
  if (to - from < width / 2 || Math.random() < 0.1) return;
  const confidence = Math.round((0.75 + Math.random() * 0.24) * 1000) / 1000;
  predictions.push({ x: (from + to) / 2, y: top + height / 2, width: to - from, height, confidence, class: name,
    class_id: ['person', 'part', 'scratch'].indexOf(name) });
}

const frame = context.get('frame') || 0;
context.set('frame', frame + 1);
const seconds = frame / 5;
// the frame's own time: on a busy computer it comes late, but shows no later moment
const start = context.get('start') || Date.now();
context.set('start', start);
msg.at = start + frame * 200;

fill(0, 130, WIDTH, 100, 'floor');
fill(256, 150, 160, 60, 'mark');
fill(260, 154, 152, 52, 'floor');
fill(0, 290, WIDTH, 50, 'belt');

// a part every 3 s, on its way for 6 s; every third has a scratch
for (let part = Math.max(0, Math.floor(seconds / 3) - 2); part * 3 <= seconds; part++) {
  const left = -90 + (seconds - part * 3) * 120;
  fill(left, 250, 90, 60, 'edge');
  fill(left + 4, 254, 82, 52, 'part');
  see('part', left, 250, 90, 60);
  if (part % 3 !== 2) continue;
  fill(left + 25, 266, 40, 24, 'scratch');
  see('scratch', left + 25, 266, 40, 24);
}

// a person comes every 30 s, stands for 15 s and goes
const time = seconds % 30;
const personLeft = time < 3 ? -50 + time * 120 : time < 18 ? 310 : 310 + (time - 18) * 120;
fill(personLeft + 12, 66, 26, 30, 'skin');
fill(personLeft, 96, 50, 54, 'vest');
fill(personLeft + 6, 150, 38, 46, 'trousers');
see('person', personLeft, 66, 50, 130);

msg.image = pngOf({ width: WIDTH, height: HEIGHT, colours: Object.values(PALETTE), pixels });
msg.payload = { image: { width: WIDTH, height: HEIGHT }, predictions };
return msg;
