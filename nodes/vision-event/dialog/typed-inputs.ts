import { FEEDBACKS, RESULTS, SEVERITIES } from '../../../src/event/limits';
import { EVENT_TYPES } from '../../../src/event/types';
import type { createForm, Text } from '../../editor/form';
import type { VisionEventProperties } from '../../shared/properties';

type Form = ReturnType<typeof createForm<keyof VisionEventProperties>>;

function typedInputTypes(t: Text) {
  const icon = 'red/images/typedInput/az.svg';
  const plain = (value: string) => ({ value, label: t(`type.${value}`), hasValue: false });
  const labelled = (value: string) => ({ value, label: t(`type.${value}`) });
  const oneOf = (property: string, values: readonly string[]) => ({
    value: 'str',
    label: t('type.fixed'),
    icon,
    options: values.map((value) => ({ value, label: t(`option.${property}.${value || 'leftOut'}`) })),
  });
  return { plain, labelled, oneOf };
}

/** Call in `oneditprepare`. */
export function prepareTypedInputs(form: Form) {
  const { t } = form;
  const { plain, labelled, oneOf } = typedInputTypes(t);
  const read = ['msg', 'flow', 'global', 'jsonata'];
  const readOrEnv = ['msg', 'flow', 'global', 'env', 'jsonata'];
  const any = ['str', ...readOrEnv];
  form.typed('detections', [...read, 'json', plain('none')]);
  form.typed('eventType', [oneOf('eventType', EVENT_TYPES), ...readOrEnv]);
  form.typed('useCase', any, { str: t('placeholder.useCase') });
  form.typed('result', [oneOf('result', ['', ...RESULTS]), labelled('detected'), ...readOrEnv], {
    detected: t('placeholder.detected'),
  });
  form.typed('itemCount', [labelled('count'), 'num', ...readOrEnv], { count: t('placeholder.count') });
  form.typed('itemType', any);
  form.typed('location', any);
  form.typed('alertType', ['str', plain('topClass'), ...readOrEnv], { str: t('placeholder.alertType') });
  form.typed('severity', [oneOf('severity', ['', ...SEVERITIES]), ...readOrEnv]);
  form.typed('description', any);
  form.typed('value', any);
  form.typed('relatedEventId', any, { str: t('placeholder.relatedEventId') });
  form.typed('feedback', [oneOf('feedback', ['', ...FEEDBACKS]), ...readOrEnv]);
  for (const property of ['comment', 'externalId', 'deviceId', 'streamId', 'workflowId'] as const) {
    form.typed(property, any);
  }
  form.typed('workflowVersion', any);
  form.typed('eventId', [plain('uuid'), ...read]);
  form.typed('timestamp', [plain('now'), ...read]);
  const picture = ['msg', 'flow', 'global', labelled('file'), 'jsonata'];
  const path = { file: t('placeholder.file') };
  form.typed('outputImage', [plain('none'), plain('drawn'), ...picture], path);
  form.typed('inputImage', [plain('none'), ...picture], path, { msg: 'image' });
  form.typed('imageLabel', [plain('none'), ...any]);
  form.typed('pictures', [plain('none'), ...read], {}, { msg: 'pictures' });
  form.typed('metadataFrom', [plain('none'), ...read, 'json']);
  form.typed('cooldownBy', [plain('none'), ...read]);
}
