// Draws one picture of a conveyor belt: parts, some of them scratched, and a person with or without a helmet.
const WIDTH = 640;
const HEIGHT = 360;
const PALETTE = { wall: [226, 232, 240], floor: [203, 213, 225], belt: [71, 85, 105], roller: [30, 41, 59],
  part: [148, 163, 184], edge: [100, 116, 139], scratch: [220, 38, 38], skin: [217, 160, 120], vest: [249, 115, 22],
  trousers: [37, 99, 235], helmet: [250, 204, 21], hair: [68, 51, 34] };
const COLOURS = Object.keys(PALETTE);
const pixels = Buffer.alloc(WIDTH * HEIGHT, COLOURS.indexOf('wall'));

function fill(left, top, width, height, colour) {
  const value = COLOURS.indexOf(colour);
  for (let y = Math.max(0, top); y < Math.min(HEIGHT, top + height); y++) {
    pixels.fill(value, y * WIDTH + Math.max(0, left), y * WIDTH + Math.min(WIDTH, left + width));
  }
}

const objects = [];
function remember(name, left, top, width, height) {
  objects.push({ class: name, x: left + width / 2, y: top + height / 2, width, height });
}

const step = context.get('step') || 0;
context.set('step', step + 1);
fill(0, 300, WIDTH, 60, 'floor');
fill(0, 220, WIDTH, 60, 'belt');
for (let x = (step * 20) % 40; x < WIDTH; x += 40) fill(x, 272, 6, 8, 'roller');

for (let slot = 0; slot < 4; slot++) {
  if (Math.random() < 0.2) continue;
  const left = 30 + slot * 150 + Math.floor(Math.random() * 40);
  fill(left, 180, 90, 60, 'edge');
  fill(left + 4, 184, 82, 52, 'part');
  remember('part', left, 180, 90, 60);
  if (Math.random() < 0.15) {
    const scratchLeft = left + 12 + Math.floor(Math.random() * 30);
    for (let i = 0; i < 30; i++) fill(scratchLeft + i, 196 + Math.floor(i * 0.8), 4, 3, 'scratch');
    remember('scratch', scratchLeft, 196, 34, 27);
  }
}

if (step % 4 !== 0) {
  const left = 440 + (step % 5) * 24;
  const wearsHelmet = Math.random() < 0.6;
  fill(left + 12, 40, 26, 26, 'skin');
  fill(left + 8, wearsHelmet ? 30 : 36, 34, wearsHelmet ? 16 : 10, wearsHelmet ? 'helmet' : 'hair');
  fill(left, 66, 50, 54, 'vest');
  fill(left + 6, 120, 38, 56, 'trousers');
  remember(wearsHelmet ? 'helmet' : 'no_helmet', left + 8, 30, 34, 36);
}

msg.image = pngOf({ width: WIDTH, height: HEIGHT, colours: Object.values(PALETTE), pixels });
msg.scene = { width: WIDTH, height: HEIGHT, objects };
msg.payload = msg.image;
return msg;
