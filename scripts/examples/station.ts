import { readFileSync } from 'node:fs';
import path from 'node:path';
import { filmTheBelt, standInDetector } from './belt';
import { ExampleFlow, type Place } from './flow-parts';
import { addLinkButtons, addStandInApi, exampleTab, firstSteps, link, standInWorkspace } from './stand-in-api';

const PAGE_PATH = '/vision-events-station';
const PICTURE = { outputImage: 'image', outputImageType: 'msg' };

/** The groups of the page, from left to right and from top to bottom. */
interface Groups {
  picture: string;
  shift: string;
  alarms: string;
  delivery: string;
}

/**
 * A page of FlowFuse Dashboard for the operator: live picture, pass and fail over the shift, alarms, backlog, feedback.
 */
export function station(): ExampleFlow {
  const flow = new ExampleFlow('station');
  const workspace = standInWorkspace(flow, 'station', 'line-1-station');
  exampleTab(
    flow,
    'station',
    'Station',
    `A page for the operator of a line. It needs @flowfuse/node-red-dashboard from the palette.\n\n${link("The operator's page", `/dashboard${PAGE_PATH}`)}`,
  );
  flow.comments(
    ...firstSteps('station', 'Install @flowfuse/node-red-dashboard first (menu, Manage palette), then deploy', [
      "The operator's page: click here, then the link beside",
      `${link("The operator's page", `/dashboard${PAGE_PATH}`)}. It fits a phone and a screen on the wall. Everybody who reaches Node-RED can open it, unless a password is set in its settings file.`,
    ]),
  );
  const groups = addPage(flow);
  addChecks(flow, workspace, groups);
  addBacklog(flow, workspace, groups);
  addFeedback(flow, workspace, groups);
  const linkSwitch = addLinkButtons(flow, 640);
  flow.errors([560, 660]);
  addStandInApi(flow, { path: 'station', takesBatches: true, linkSwitch });
  return flow;
}

function addPage(flow: ExampleFlow): Groups {
  const ui = flow.config('ui-base', 'Dashboard', {
    path: '/dashboard',
    appIcon: '',
    includeClientData: true,
    acceptsClientConfig: ['ui-notification', 'ui-control'],
    showPathInSidebar: false,
    headerContent: 'page',
    navigationStyle: 'none',
    titleBarStyle: 'default',
  });
  const theme = flow.config('ui-theme', 'Station', {
    colors: { surface: '#1e293b', primary: '#0b6e99', bgPage: '#eef1f5', groupBg: '#ffffff', groupOutline: '#d0d7e0' },
    sizes: { density: 'default', pagePadding: '12px', groupGap: '12px', groupBorderRadius: '8px', widgetGap: '10px' },
  });
  const page = flow.config('ui-page', 'Line 1', {
    ui,
    path: PAGE_PATH,
    icon: 'eye-check-outline',
    layout: 'grid',
    theme,
    breakpoints: [
      { name: 'Default', px: '0', cols: '3' },
      { name: 'Tablet', px: '576', cols: '6' },
      { name: 'Desktop', px: '1024', cols: '12' },
    ],
    order: 1,
    className: '',
    visible: 'true',
    disabled: 'false',
  });
  const group = (name: string, order: number, width = '6') =>
    flow.config('ui-group', name, {
      page,
      width,
      height: '1',
      order,
      showTitle: true,
      className: '',
      visible: 'true',
      disabled: 'false',
      groupType: 'default',
    });
  return {
    picture: group('The last picture', 1),
    shift: group('This shift', 2),
    alarms: group('Alarms', 3),
    delivery: group('Delivery', 4),
  };
}

function addChecks(flow: ExampleFlow, workspace: string, groups: Groups): void {
  const chart = flow.node('ui-chart', 'pass and fail', [1130, 260], { ...CHART, group: groups.shift }, [[]]);
  const words = flow.node('ui-text', 'count', [1110, 300], { ...TEXT, group: groups.shift, order: 1 }, []);
  const count = flow.functionNode('count the checks', [930, 280], 'station-count.js', [[chart], [words]]);
  const picture = flow.functionNode('for the picture', [920, 220], 'station-picture.js', [['picture']]);
  const check = flow.visionEvent(
    'quality check',
    [720, 240],
    {
      workspace,
      delivery: 'queue',
      eventType: 'quality_check',
      useCase: 'quality-line-1',
      result: 'scratch',
      resultType: 'detected',
      ...PICTURE,
    },
    [[picture, count]],
  );
  const list = flow.node('ui-table', 'alarms', [1110, 360], { ...TABLE, group: groups.alarms }, [[]]);
  const alarms = flow.functionNode('the last alarms', [930, 360], 'station-alarms.js', [[list]]);
  const alert = flow.visionEvent(
    'no helmet',
    [710, 360],
    {
      workspace,
      delivery: 'queue',
      eventType: 'safety_alert',
      useCase: 'site-safety',
      classes: 'no_helmet',
      alertTypeType: 'topClass',
      severity: 'high',
      description: 'Somebody walks beside the belt without a helmet.',
      cooldown: '30',
      ...PICTURE,
    },
    [[alarms]],
  );
  const bareHead = flow.functionNode('bare head?', [530, 360], 'any-without-helmet.js', [[alert]]);
  const detector = standInDetector(flow, [490, 240], [[check, bareHead]]);
  const film = filmTheBelt(flow, [290, 240], [[detector]]);
  flow.inject('every 5 s', [120, 240], 5, [[film]]);
}

function addBacklog(flow: ExampleFlow, workspace: string, groups: Groups): void {
  const gauge = flow.node('ui-gauge', 'backlog', [750, 440], { ...GAUGE, group: groups.delivery }, []);
  const words = flow.node('ui-text', 'in words', [750, 480], { ...TEXT, group: groups.delivery, order: 2 }, []);
  const backlog = flow.functionNode('backlog', [550, 460], 'station-backlog.js', [[gauge], [words]]);
  const outbox = flow.outbox('outbox', [350, 460], workspace, [[], [], [backlog]]);
  flow.inject('ask every 5 s', [140, 460], 5, [[outbox]], { payload: 'state', payloadType: 'str' });
}

/** The widget shows the picture and sends what the operator says of it. */
function addFeedback(flow: ExampleFlow, workspace: string, groups: Groups): void {
  const report = flow.debug('feedback stored', [620, 560], 'visionEvent.state');
  const feedback = flow.visionEvent(
    'operator feedback',
    [380, 560],
    {
      workspace,
      delivery: 'queue',
      detections: '',
      detectionsType: 'none',
      eventType: 'operator_feedback',
      useCase: 'quality-line-1',
      relatedEventId: 'payload.eventId',
      relatedEventIdType: 'msg',
      feedback: 'payload.feedback',
      feedbackType: 'msg',
    },
    [[report]],
  );
  const widget = addPictureWidget(flow, [150, 560], groups.picture, [[feedback]]);
  const source = flow.nodes.find(({ name }) => name === 'for the picture');
  if (source) source['wires'] = [[widget]];
}

function addPictureWidget(flow: ExampleFlow, place: Place, group: string, wires: string[][]): string {
  const format = readFileSync(path.join(__dirname, 'functions/station-picture.vue'), 'utf8').trimEnd();
  return flow.node('ui-template', 'picture', place, { ...TEMPLATE, group, format }, wires);
}

const TEMPLATE = {
  page: '',
  ui: '',
  order: 1,
  // As high as what it shows.
  width: '0',
  height: '0',
  head: '',
  storeOutMessages: false,
  passthru: false,
  resendOnRefresh: true,
  templateScope: 'local',
  className: '',
};

const TEXT = {
  order: 2,
  width: '6',
  height: '1',
  label: '',
  format: '{{msg.payload}}',
  layout: 'row-left',
  style: true,
  font: '',
  fontSize: 20,
  color: '#1e293b',
  wrapText: true,
  className: '',
  value: 'payload',
  valueType: 'msg',
};

const CHART = {
  label: '',
  order: 2,
  chartType: 'bar',
  category: 'result',
  categoryType: 'property',
  xAxisLabel: 'time',
  xAxisProperty: 'time',
  xAxisPropertyType: 'property',
  xAxisType: 'category',
  xAxisFormat: '',
  xAxisFormatType: 'auto',
  xmin: '',
  xmax: '',
  yAxisLabel: 'checks in 10 minutes',
  yAxisProperty: 'checks',
  yAxisPropertyType: 'property',
  ymin: '0',
  ymax: '',
  bins: 10,
  action: 'replace',
  stackSeries: true,
  pointShape: 'circle',
  pointRadius: 4,
  showLegend: true,
  removeOlder: 1,
  removeOlderUnit: '3600',
  removeOlderPoints: '',
  colors: ['#12805c', '#d92d20', '#ff7f0e', '#2ca02c', '#a347e1', '#d62728', '#ff9896', '#9467bd', '#c5b0d5'],
  textColor: ['#666666'],
  textColorDefault: true,
  gridColor: ['#e5e5e5'],
  gridColorDefault: true,
  width: '6',
  height: '7',
  className: '',
  interpolation: 'linear',
};

const TABLE = {
  label: '',
  order: 1,
  width: '6',
  height: '4',
  maxrows: 0,
  passthru: false,
  autocols: true,
  showSearch: false,
  deselect: false,
  selectionType: 'none',
  columns: [],
  mobileBreakpoint: 'sm',
  mobileBreakpointType: 'defaults',
  action: 'replace',
  className: '',
};

const GAUGE = {
  order: 1,
  value: 'payload',
  valueType: 'msg',
  width: '6',
  height: '4',
  gtype: 'gauge-half',
  gstyle: 'rounded',
  title: 'events that wait',
  alwaysShowTitle: true,
  floatingTitlePosition: 'top-left',
  units: '',
  icon: '',
  prefix: '',
  suffix: '',
  segments: [
    { from: '0', color: '#12805c', text: '', textType: 'label' },
    { from: '20', color: '#ffb02e', text: '', textType: 'label' },
    { from: '60', color: '#d92d20', text: '', textType: 'label' },
  ],
  min: 0,
  max: 100,
  sizeThickness: 16,
  sizeGap: 4,
  sizeKeyThickness: 8,
  styleRounded: true,
  styleGlow: false,
  className: '',
};
