// Keeps what the operator's page shows of an event: also its picture and boxes.
const { eventId, timestamp, eventData, images } = msg.payload;
const boxes = ((images || [])[0] || {}).objectDetections || [];
const picture = msg.image.toString('base64');
const event = { eventId, timestamp, result: eventData.result, boxes, picture };
flow.set('lastEvents', [event, ...(flow.get('lastEvents') || [])].slice(0, 10));
return null;
