// The last alarms, the newest first. What the cooldown held back is no alarm.
if (msg.visionEvent.state === 'throttled') return null;
const { timestamp, eventData } = msg.payload;
const alarm = { time: new Date(timestamp).toLocaleTimeString(), alarm: eventData.alertType, severity: eventData.severity };
flow.set('alarms', [alarm, ...(flow.get('alarms') || [])].slice(0, 8));
return { payload: flow.get('alarms') };
