// Draws a frame around every scratch that was detected, in the colour of the helmets.
const FRAME = 9;
const picture = readPng(msg.image);
const { width, height, pixels } = picture;
for (const found of msg.payload.predictions) {
  if (found.class !== 'scratch') continue;
  const left = Math.max(0, Math.floor(found.x - found.width / 2) - 4);
  const top = Math.max(0, Math.floor(found.y - found.height / 2) - 4);
  const right = Math.min(width - 1, left + found.width + 8);
  const bottom = Math.min(height - 1, top + found.height + 8);
  for (let thick = 0; thick < 2; thick++) {
    pixels.fill(FRAME, (top + thick) * width + left, (top + thick) * width + right);
    pixels.fill(FRAME, (bottom - thick) * width + left, (bottom - thick) * width + right);
    for (let y = top; y <= bottom; y++) {
      pixels[y * width + left + thick] = FRAME;
      pixels[y * width + right - thick] = FRAME;
    }
  }
}
msg.marked = pngOf(picture);
return msg;
