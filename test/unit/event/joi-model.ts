/** The same event in Joi, written on its own from the API's page: a second opinion on `validate`. */
import Joi from 'joi';

const externalId = Joi.string().max(1000);
const number = Joi.number().unsafe();
const box = {
  class: Joi.string().required(),
  x: number.required(),
  y: number.required(),
  width: number.required(),
  height: number.required(),
  confidence: number.min(0).max(1).required(),
};

const image = Joi.object({
  label: Joi.string(),
  sourceId: Joi.string(),
  inputSourceId: Joi.string(),
  objectDetections: Joi.array().items(Joi.object(box)).max(1000),
  classifications: Joi.array()
    .items(Joi.object({ class: box.class, confidence: box.confidence }))
    .max(1000),
  instanceSegmentations: Joi.array()
    .items(
      Joi.object({
        ...box,
        points: Joi.array().items(Joi.array().items(number).length(2)).min(3).required(),
      }),
    )
    .max(1000),
  keypoints: Joi.array()
    .items(
      Joi.object({
        ...box,
        keypoints: Joi.array()
          .items(
            Joi.object({
              id: number.required(),
              x: number.required(),
              y: number.required(),
              occluded: Joi.boolean(),
            }),
          )
          .min(1)
          .required(),
      }),
    )
    .max(1000),
});

const eventData = {
  quality_check: Joi.object({ result: Joi.valid('pass', 'fail'), externalId }),
  inventory_count: Joi.object({
    location: Joi.string().max(1000),
    itemCount: number.integer().min(0),
    itemType: Joi.string().max(1000),
    externalId,
  }),
  safety_alert: Joi.object({
    alertType: Joi.string()
      .max(256)
      .pattern(/^[\w-]+$/),
    severity: Joi.valid('low', 'medium', 'high'),
    description: Joi.string().max(10000),
    externalId,
  }),
  custom: Joi.object({ value: Joi.string().max(10000), externalId }),
  operator_feedback: Joi.object({
    relatedEventId: Joi.string().required(),
    feedback: Joi.valid('correct', 'incorrect', 'inconclusive').required(),
  }),
};

/** A type in another case is an error of its own; which eventData was meant is still plain. */
const meant = (type: string) =>
  Joi.string()
    .pattern(new RegExp(`^\\s*${type}\\s*$`, 'i'))
    .required();

export const joiModel = Joi.object({
  eventId: Joi.string().required(),
  eventType: Joi.any()
    .valid(...Object.keys(eventData))
    .required(),
  useCaseId: Joi.string().max(256).required(),
  // Its rules need a clock; the table test has them.
  timestamp: Joi.any(),
  eventData: Joi.when('eventType', {
    switch: Object.entries(eventData).map(([type, schema]) => ({
      is: meant(type),
      then: schema.required(),
    })),
    otherwise: Joi.object().unknown().required(),
  }),
  deviceId: Joi.string().max(256),
  streamId: Joi.string().max(256),
  workflowId: Joi.string().max(256),
  workflowVersion: Joi.string().max(64),
  images: Joi.array().items(image).max(1000),
  displayImagePosition: number.integer().min(0).max(999),
  customMetadata: Joi.object()
    .pattern(
      Joi.string()
        .max(100)
        .pattern(/^[\w -]+$/),
      Joi.alternatives().try(Joi.string().max(1000), number.precision(6), Joi.boolean()),
    )
    .max(100),
  comment: Joi.string(),
});

/** What Joi finds, each as `type path`. */
export function joiFindings(event: unknown): string[] {
  const { error } = joiModel.validate(event, { abortEarly: false, convert: false });
  return (error?.details ?? []).map(({ type, path }) => `${type} ${path.join('.')}`);
}
