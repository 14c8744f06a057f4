/* global visionEventElement, visionEventButton */
/**
 * The button "Check connection" and what it found, step by step, with the values of the open dialog.
 *
 * @param {{t: Function, values: Function}} form what `visionEventForm` answered
 * @param {object} admin what `visionEventAdmin` answered
 * @param {string} selector of the place for it
 */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventCheckConnection(form, admin, selector) {
  const { t } = form;
  const ICONS = {
    ok: 'fa-check-circle',
    failed: 'fa-times-circle',
    unknown: 'fa-question-circle-o',
    none: 'fa-circle-o',
  };
  let turn = 0;

  /** Call in `oneditprepare`, after the form was opened. */
  function prepare(node) {
    const place = document.querySelector(selector);
    const list = visionEventElement('ul', {
      class: 'vision-event-steps',
      'aria-live': 'polite',
      'aria-label': t('check.result'),
    });
    const note = visionEventElement('span', {}, t('check.note'));
    const button = visionEventButton(t('check.button'), 'fa fa-plug', () => check(node, button, note, list));
    place.replaceChildren(visionEventElement('div', { class: 'vision-event-pair' }, button, note), list);
    if (admin.mayDeploy()) return;
    button.disabled = true;
    note.textContent = t('check.forbidden');
  }

  async function check(node, button, note, list) {
    const own = ++turn;
    button.disabled = true;
    note.textContent = t('check.running');
    list.replaceChildren();
    try {
      const { steps } = await admin.post('check-connection', { id: node.id, ...dialogValues() });
      if (own === turn) list.replaceChildren(...steps.map(stepLine));
      note.textContent = t('check.note');
    } catch ({ code, message: reason }) {
      const keyNeeded = code === 'KEY_NEEDED';
      if (keyNeeded && own === turn) list.replaceChildren(stepLine(missingKey()));
      note.textContent = keyNeeded ? t('check.note') : t('live.failed', { reason });
    }
    button.disabled = false;
  }

  function dialogValues() {
    const { target, baseUrl, timeout, tls, proxy, apiKey, eventStoreKey } = form.values();
    const { gateway, headerNames, headerValues } = form.values();
    return {
      target,
      baseUrl,
      timeout,
      tls,
      proxy,
      apiKey,
      eventStoreKey,
      gateway,
      headerNames,
      headerValues,
    };
  }

  /** A saved key is not sent to an address that was never deployed. */
  function missingKey() {
    return { step: 'settings', state: 'failed', detail: t('check.keyNeeded') };
  }

  function stepLine({ step, state, detail = '' }) {
    return visionEventElement(
      'li',
      { class: `vision-event-step-${state}`, 'data-step': step, 'data-state': state },
      visionEventElement('i', { class: `fa ${ICONS[state]}`, 'aria-hidden': 'true' }),
      visionEventElement('span', {}, t(`check.${step}.${state}`, { detail })),
    );
  }

  return { prepare };
}
