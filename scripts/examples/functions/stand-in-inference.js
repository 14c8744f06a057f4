// Answers like a Roboflow inference server. Its "model" knows one thing: scratches are red.
const RED_PAINT = '220,38,38';
const png = Buffer.from((msg.payload.image || {}).value || '', 'base64');
if (png.length === 0) {
  msg.payload = { message: 'image is missing' };
  return msg;
}
const { width, height, colours, pixels } = readPng(png);
const red = colours.findIndex((colour) => String(colour) === RED_PAINT);

// Red pixels whose columns lie side by side are one scratch.
const predictions = [];
let scratch = null;
for (let x = 0; x <= width; x++) {
  let found = false;
  for (let y = 0; x < width && y < height; y++) {
    if (pixels[y * width + x] !== red) continue;
    found = true;
    scratch = scratch || { left: x, top: y, bottom: y };
    scratch.top = Math.min(scratch.top, y);
    scratch.bottom = Math.max(scratch.bottom, y);
  }
  if (found || !scratch) continue;
  const { left, top, bottom } = scratch;
  predictions.push({ class: 'scratch', class_id: 0, confidence: 0.93, x: (left + x) / 2, y: (top + bottom + 1) / 2,
    width: x - left, height: bottom + 1 - top, detection_id: RED.util.generateId() });
  scratch = null;
}
msg.payload = { inference_id: RED.util.generateId(), time: 0.004, image: { width, height }, predictions };
return msg;
