// Stands in for a camera with an Ultralytics YOLO model: now and then a box comes or goes.
const boxes = context.get('boxes') ?? 3;
const now = Math.max(0, Math.min(8, boxes + [-1, 0, 1][Math.floor(Math.random() * 3)] + (boxes === 3 ? 1 : 0)));
context.set('boxes', now);
msg.payload = Array.from({ length: now }, (_, i) => ({
  name: 'box',
  class: 0,
  confidence: Math.round((0.75 + Math.random() * 0.24) * 1000) / 1000,
  box: { x1: 20 + i * 75, y1: 180, x2: 85 + i * 75, y2: 250 },
}));
return msg;
