import { MAX_IDENTIFIER_LENGTH } from '../../src/event/limits';
import {
  createForm,
  labelStyle,
  NO_CONFIG_NODE,
  numberReason,
  type Check,
  type Checks,
  type Text,
} from '../editor/form';
import { adminRequests } from '../editor/live';
import { isEmpty, WORKSPACE_NUMBER_RULES, type NumberRule } from '../shared/number-rules';
import { workspaceDefaults, type WorkspaceProperties } from '../shared/properties';
import { workspaceLabel } from '../shared/workspace-label';
import { createConnectionCheck } from './dialog/check-connection';
import { createHeaderValues } from './dialog/header-values';
import { createOutboxPanel } from './dialog/outbox-panel';
import { openOwnPages } from './dialog/own-links';
import { createSidebar } from './dialog/sidebar';
import { createTestEvent } from './dialog/test-event';

const CREDENTIALS = [
  'apiKey',
  'eventStoreKey',
  'headerValues',
  'metricsToken',
  'postgresUser',
  'postgresPassword',
] as const;
type Property = keyof WorkspaceProperties | (typeof CREDENTIALS)[number];

const CLOUD_URL = workspaceDefaults.baseUrl;
const isEventStore = (target: unknown) => target === 'event-store';

const number =
  (rule: NumberRule): Check =>
  (value, _read, t) => {
    const reason = t(`refusal.${rule.reason}`);
    return isEmpty(value) ? reason : numberReason(value, rule, reason);
  };

function configReason(id: unknown, t: Text): string | undefined {
  if (!id || id === NO_CONFIG_NODE) return undefined;
  const node = RED.nodes.node(String(id));
  if (!node || node.d) return t('refusal.configGone');
  return node.valid === false ? t('refusal.configInvalid') : undefined;
}

function urlReason(text: unknown, target: unknown, t: Text): string | undefined {
  if (isEventStore(target) && String(text).trim() === CLOUD_URL) return t('refusal.eventStoreUrl');
  let url: URL;
  try {
    url = new URL(String(text).trim());
  } catch {
    return t('refusal.baseUrl');
  }
  return url.protocol === 'https:' || url.protocol === 'http:' ? undefined : t('refusal.baseUrl');
}

/** `${NAME}` is filled in by the runtime. */
const isDatabaseUrl = (text: unknown) => /^(postgres(ql)?:\/\/[^@\s]+|\$\{\w+\})$/.test(String(text).trim());

/** A header of one's own may carry the key. */
const hasOwnAuthorization = (headerNames: unknown) =>
  /(^|,)\s*authorization\s*(,|$)/i.test(String(headerNames));

/** What the runtime would refuse. */
const refuse: Checks<Property> = {
  // A path is one of this Node-RED itself.
  baseUrl: (value, read, t) =>
    String(value).trim().startsWith('/') ? undefined : urlReason(value, read('target'), t),
  tls: (value, _read, t) => configReason(value, t),
  proxy: (value, _read, t) => configReason(value, t),
  postgresTls: (value, _read, t) => configReason(value, t),
  gateway: (value, _read, t) => (isEmpty(value) ? undefined : urlReason(value, 'cloud', t)),
  headerNames: (value) => headers.namesReason(value),
  headerValues: (value, read) => headers.valuesReason(value, read('headerNames')),
  postgresUrl: (value, read, t) =>
    read('keepWaiting') === 'postgres' && !isDatabaseUrl(value) ? t('refusal.postgresUrl') : undefined,
  apiKey: (value, read, t) =>
    isEmpty(value) && !isEventStore(read('target')) && !hasOwnAuthorization(read('headerNames'))
      ? t('refusal.apiKey')
      : undefined,
  ...Object.fromEntries(
    Object.entries<NumberRule>(WORKSPACE_NUMBER_RULES).map(([property, rule]) => [property, number(rule)]),
  ),
};

/** More is taken with a warning. */
const doubt: Checks<Property> = {
  deviceId: (value, _read, t) =>
    String(value).length > MAX_IDENTIFIER_LENGTH
      ? t('doubt.deviceId', { max: MAX_IDENTIFIER_LENGTH })
      : undefined,
  // Events go all the same.
  metricsToken: (value, read, t) => (read('metrics') && isEmpty(value) ? t('doubt.metricsToken') : undefined),
};

const form = createForm<Property>('roboflow-vision-event-workspace', {
  prefix: 'node-config-input',
  defaults: workspaceDefaults,
  configNodes: { tls: 'tls-config', proxy: 'http proxy', postgresTls: 'tls-config' },
  credentials: CREDENTIALS,
  refuse,
  doubt,
});
const { t, validator } = form;
const headers = createHeaderValues(form, {
  names: '#node-config-input-headerNames',
  values: '#node-config-input-headerValues',
  fields: '[data-form="roboflow-vision-event-workspace"] .vision-event-header-values',
});
const admin = adminRequests(t);
const connection = createConnectionCheck(
  form,
  admin,
  '[data-form="roboflow-vision-event-workspace"] .vision-event-check',
);
const outbox = createOutboxPanel(t, admin);
const sidebar = createSidebar(t, admin);
const testEvent = createTestEvent(
  form,
  admin,
  '[data-form="roboflow-vision-event-workspace"] [data-section="testEvent"]',
);

function close() {
  outbox.close();
  form.close();
}

/** Each target has a key of its own, and an Event Store no address that could be guessed. */
function showFieldsOfTarget() {
  const target = $('#node-config-input-target').val();
  $('.vision-event-form[data-form="roboflow-vision-event-workspace"] [data-target]').each(function () {
    $(this).prop('hidden', $(this).attr('data-target') !== target);
  });
  const url = $('#node-config-input-baseUrl');
  url.attr('placeholder', isEventStore(target) ? 'http://localhost:8001' : CLOUD_URL);
  if (isEventStore(target) && url.val() === CLOUD_URL) url.val('');
  else if (!isEventStore(target) && url.val() === '') url.val(CLOUD_URL);
}

/** The fields of the database, only while events are kept there. */
function showFieldsOfDatabase() {
  const keep = $('#node-config-input-keepWaiting').val();
  $('.vision-event-form[data-form="roboflow-vision-event-workspace"] [data-keep]').each(function () {
    $(this).prop('hidden', $(this).attr('data-keep') !== keep);
  });
}

openOwnPages();
RED.nodes.registerType('roboflow-vision-event-workspace', {
  category: 'config',
  color: '#B39DDB',
  icon: 'roboflow-vision-event-workspace.svg',
  defaults: form.defaults,
  credentials: {
    apiKey: { type: 'password', validate: validator('apiKey') },
    eventStoreKey: { type: 'password' },
    headerValues: { type: 'password', validate: validator('headerValues') },
    metricsToken: { type: 'password' },
    postgresUser: { type: 'password' },
    postgresPassword: { type: 'password' },
  },
  paletteLabel: () => t('paletteLabel'),
  label() {
    return workspaceLabel(this) ?? t('paletteLabel');
  },
  labelStyle,
  onpaletteadd: sidebar.add,
  onpaletteremove: sidebar.remove,
  oneditprepare() {
    form.fill(this);
    $('#node-config-input-target').on('change', showFieldsOfTarget);
    showFieldsOfTarget();
    $('#node-config-input-keepWaiting').on('change', showFieldsOfDatabase);
    showFieldsOfDatabase();
    headers.prepare();
    form.open(this);
    connection.prepare(this);
    outbox.prepare(
      this.id,
      document.querySelector<HTMLDetailsElement>(
        '[data-form="roboflow-vision-event-workspace"] [data-section="outboxNow"]',
      )!,
    );
    testEvent.prepare(this);
  },
  oneditsave: close,
  oneditcancel: close,
  oneditdelete: close,
});
