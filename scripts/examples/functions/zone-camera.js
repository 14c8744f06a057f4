// Stands in for a camera with CodeProject.AI or DeepStack: somebody stands in the zone.
const left = 100 + Math.floor(Math.random() * 300);
msg.payload = {
  success: true,
  predictions: [
    { label: 'person', confidence: 0.88, x_min: left, y_min: 90, x_max: left + 80, y_max: 330 },
    { label: 'forklift', confidence: 0.71, x_min: 420, y_min: 120, x_max: 620, y_max: 340 },
  ],
};
return msg;
