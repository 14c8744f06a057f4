import { DetectionError } from '../detection-error';
import { boxes, classes, putArray, field } from '../reading';
import type { Adapter, Reading, RowPlan } from '../reading';
import type { DetectionSettings, NoteCode, SingleObject } from '../types';
import { isObject } from '../../json-object';
import { everyRow, has, isList, isText, own, ownArray, ownObject, someRow, toNumber } from '../values';
import type { JsonObject } from '../values';

/**
 * Frigate: MQTT `frigate/events` (corners in pixels of the detect stream), `frigate/tracked_object_update`, and events
 * of the HTTP API (left, top, width, height as fractions): one product, two conventions. See blakeblackshear/frigate
 * `docs/integrations/mqtt.md`.
 */

const mqttEvent: RowPlan = boxes({
  readClass: field('label'),
  readConfidence: field('score'),
  readTrack: field('id'),
  box: { convention: 'corners', units: 'auto', read: (row, out) => putArray(out, own(row, 'box')) },
});

const apiEvent: RowPlan = boxes({
  readClass: field('label'),
  readConfidence: (row) => own(own(row, 'data'), 'score'),
  box: {
    convention: 'corner',
    units: 'fraction',
    read: (row, out) => putArray(out, own(own(row, 'data'), 'box')),
  },
});

const plateUpdate: RowPlan = boxes({
  readClass: field('class'),
  readConfidence: field('score'),
  box: { convention: 'corners', units: 'auto', read: (row, out) => putArray(out, own(row, 'plate_box')) },
});

const classUpdate: RowPlan = classes({ readClass: field('class'), readConfidence: field('score') });

const UPDATE_TYPES = ['lpr', 'face', 'classification', 'description'];

function isMqttEvent(payload: unknown): payload is JsonObject {
  return has(payload, 'before') && has(own(payload, 'after'), 'camera');
}

function isUpdate(payload: unknown): payload is JsonObject {
  return (
    UPDATE_TYPES.includes(own(payload, 'type') as string) &&
    has(payload, 'id') &&
    Object.hasOwn(payload, 'camera') &&
    Object.hasOwn(payload, 'timestamp')
  );
}

function isApiEvent(value: JsonObject): boolean {
  return isAnyApiEvent(value) && ownArray(value.data, 'box')?.length === 4;
}

/** Events of sounds and those made by hand stand in the same list, without a box. */
function isAnyApiEvent(value: JsonObject): boolean {
  return has(value, 'camera') && Object.hasOwn(value, 'label') && isObject(value.data);
}

function matches(payload: unknown): boolean {
  if (isList(payload)) return everyRow(payload, isAnyApiEvent) && someRow(payload, isApiEvent);
  return isMqttEvent(payload) || isUpdate(payload) || (isObject(payload) && isApiEvent(payload));
}

function read(payload: unknown, settings: DetectionSettings): Reading | undefined {
  if (isList(payload)) {
    if (!payload.every(isObject)) return undefined;
    // many moments: an event for each would be the honest way, and the note says so
    return oneImage(payload, apiEvent, payload.length > 1 ? ['several-frames'] : undefined);
  }
  if (isMqttEvent(payload)) {
    const reading = readMqttEvent(payload, settings);
    reading.single = singleObject(payload);
    return reading;
  }
  if (isUpdate(payload)) return readUpdate(payload, settings);
  return isObject(payload) && has(payload, 'data') ? oneImage([payload], apiEvent) : undefined;
}

function oneImage(rows: readonly unknown[], plan: RowPlan, notes?: NoteCode[]): Reading {
  return { images: [{ groups: [{ rows, plan }] }], notes };
}

function readMqttEvent(payload: JsonObject, settings: DetectionSettings): Reading {
  const after = payload.after as JsonObject;
  if (!has(after, 'label') && !has(after, 'box')) {
    throw noGeometry(
      'A Frigate review names the objects but carries no boxes. Use the topic frigate/events.',
    );
  }
  if (after.false_positive === true) return { images: [{ groups: [] }], notes: ['false-positive'] };
  if (settings.frigateBox === 'current') return oneImage([after], mqttEvent);

  // before there is a snapshot it is null; whatever else stands there is to hold the box
  const { snapshot = null } = after;
  if (snapshot !== null) {
    return oneImage(
      [
        {
          id: after.id,
          label: after.label,
          box: own(snapshot, 'box'),
          score: own(snapshot, 'score') ?? after.score,
        },
      ],
      mqttEvent,
    );
  }
  // before 2023 the message had only the time of the snapshot: its box is that of another frame
  const snapshotTime = toNumber(after.snapshot_time);
  const isOtherFrame = snapshotTime > 0 && snapshotTime !== toNumber(after.frame_time);
  return oneImage([after], mqttEvent, isOtherFrame ? ['snapshot-frame-mismatch'] : undefined);
}

/** Frigate waits until it is sure of an object, tells when it changes, and says when it is gone. */
function singleObject(payload: JsonObject): SingleObject {
  return { isConfirmed: true, saysEnd: true, isEnd: payload.type === 'end' };
}

function readUpdate(update: JsonObject, settings: DetectionSettings): Reading {
  const { type, score } = update;
  if (type === 'lpr') {
    const row = {
      class: personal(update.plate, 'license_plate', settings),
      score,
      plate_box: update.plate_box,
    };
    return oneImage([row], has(update, 'plate_box') ? plateUpdate : classUpdate);
  }
  if (type === 'face')
    return oneImage([{ class: personal(update.name, 'face', settings), score }], classUpdate);
  if (type === 'classification')
    return oneImage([{ class: update.sub_label ?? update.attribute, score }], classUpdate);
  throw noGeometry(
    'Use the topic frigate/events: a description is text about an object, without box or class.',
  );
}

/** Names and plates are personal data: only when the settings ask for them. */
function personal(name: unknown, instead: string, settings: DetectionSettings): unknown {
  return settings.personalNames && isText(name) ? name : instead;
}

function noGeometry(message: string): DetectionError {
  return new DetectionError('no-geometry', message);
}

function metadata(payload: JsonObject, settings: DetectionSettings): Record<string, unknown> {
  const event = ownObject(payload, 'after') ?? payload;
  const subLabel = isList(event.sub_label) ? event.sub_label[0] : event.sub_label;
  const zones = ownArray(event, 'entered_zones') ?? ownArray(event, 'zones');
  return {
    camera: event.camera,
    frigate_id: event.id,
    frigate_type: payload.type,
    zones: zones?.filter(isText).join(', '),
    ...(settings.personalNames && {
      sub_label: subLabel,
      recognized_license_plate: event.recognized_license_plate ?? event.plate,
    }),
  };
}

export const frigate: Adapter = {
  id: 'frigate',
  label: 'Frigate',
  needs: [
    'size of the picture for events of the HTTP API',
    'source size when the snapshot is larger than the detect stream',
  ],
  keys: ['before', 'camera'],
  matches,
  read,
  metadata,
};
