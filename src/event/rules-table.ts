/**
 * The rules of a vision event as plain data, in JSON Schema and the words of `SchemaHints`.
 * Made by the build from `model.ts` (scripts/derive-rules.ts). Do not edit.
 */
import type { FieldSchema } from './rules';
import type { EventType } from './types';

export const EVENT_TABLE: FieldSchema = {
  type: 'object',
  required: ['eventId', 'useCaseId', 'timestamp', 'eventType', 'eventData'],
  properties: {
    eventId: { type: 'string' },
    useCaseId: { type: 'string', maxLength: 256 },
    timestamp: { type: 'string' },
    deviceId: { type: 'string', maxLength: 256 },
    streamId: { type: 'string', maxLength: 256 },
    workflowId: { type: 'string', maxLength: 256 },
    workflowVersion: { type: 'string', maxLength: 64 },
    images: {
      maxItems: 1000,
      type: 'array',
      items: {
        type: 'object',
        properties: {
          label: { type: 'string' },
          sourceId: { type: 'string' },
          inputSourceId: { type: 'string' },
          objectDetections: {
            maxItems: 1000,
            type: 'array',
            items: {
              type: 'object',
              required: ['class', 'x', 'y', 'width', 'height', 'confidence'],
              properties: {
                class: { type: 'string' },
                x: { type: 'number' },
                y: { type: 'number' },
                width: { type: 'number' },
                height: { type: 'number' },
                confidence: { type: 'number', minimum: 0, maximum: 1, clamp: true },
              },
            },
          },
          classifications: {
            maxItems: 1000,
            type: 'array',
            items: {
              type: 'object',
              required: ['class', 'confidence'],
              properties: {
                class: { type: 'string' },
                confidence: { type: 'number', minimum: 0, maximum: 1, clamp: true },
              },
            },
          },
          instanceSegmentations: {
            maxItems: 1000,
            type: 'array',
            items: {
              type: 'object',
              required: ['class', 'x', 'y', 'width', 'height', 'confidence', 'points'],
              properties: {
                class: { type: 'string' },
                x: { type: 'number' },
                y: { type: 'number' },
                width: { type: 'number' },
                height: { type: 'number' },
                confidence: { type: 'number', minimum: 0, maximum: 1, clamp: true },
                points: {
                  minItems: 3,
                  type: 'array',
                  items: { type: 'array', prefixItems: [{ type: 'number' }, { type: 'number' }] },
                },
              },
            },
          },
          keypoints: {
            maxItems: 1000,
            type: 'array',
            items: {
              type: 'object',
              required: ['class', 'x', 'y', 'width', 'height', 'confidence', 'keypoints'],
              properties: {
                class: { type: 'string' },
                x: { type: 'number' },
                y: { type: 'number' },
                width: { type: 'number' },
                height: { type: 'number' },
                confidence: { type: 'number', minimum: 0, maximum: 1, clamp: true },
                keypoints: {
                  minItems: 1,
                  type: 'array',
                  items: {
                    type: 'object',
                    required: ['id', 'x', 'y'],
                    properties: {
                      id: { type: 'number' },
                      x: { type: 'number' },
                      y: { type: 'number' },
                      occluded: { type: 'boolean' },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
    displayImagePosition: { type: 'integer', minimum: 0, maximum: 999 },
    customMetadata: { type: 'object', rule: 'metadata' },
    comment: { type: 'string' },
    eventType: {
      type: 'string',
      enum: ['quality_check', 'inventory_count', 'safety_alert', 'custom', 'operator_feedback'],
    },
    eventData: { type: 'object' },
  },
};

export const EVENT_DATA_TABLE: Readonly<Record<EventType, FieldSchema>> = {
  quality_check: {
    type: 'object',
    properties: {
      result: { type: 'string', enum: ['pass', 'fail'] },
      externalId: { type: 'string', maxLength: 1000 },
    },
  },
  inventory_count: {
    type: 'object',
    properties: {
      location: { type: 'string', maxLength: 1000 },
      itemCount: { type: 'integer', minimum: 0 },
      itemType: { type: 'string', maxLength: 1000 },
      externalId: { type: 'string', maxLength: 1000 },
    },
  },
  safety_alert: {
    type: 'object',
    properties: {
      alertType: { type: 'string', maxLength: 256, pattern: '^[a-zA-Z0-9_-]+$', fit: 'alertType' },
      severity: { type: 'string', enum: ['low', 'medium', 'high'] },
      description: { type: 'string', maxLength: 10000 },
      externalId: { type: 'string', maxLength: 1000 },
    },
  },
  custom: {
    type: 'object',
    properties: {
      value: { type: 'string', maxLength: 10000 },
      externalId: { type: 'string', maxLength: 1000 },
    },
  },
  operator_feedback: {
    type: 'object',
    required: ['relatedEventId', 'feedback'],
    properties: {
      relatedEventId: { type: 'string' },
      feedback: { type: 'string', enum: ['correct', 'incorrect', 'inconclusive'] },
    },
  },
};
