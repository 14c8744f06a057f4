import { errorText } from '../../editor/error-text';
import type { FormValues } from '../../editor/form';
import { adminError, makeButton, makeElement, type AdminRequests } from '../../editor/live';
import { connectionOfValues } from '../../editor/workspaces';

const DATABASE = ['keepWaiting', 'postgresUrl', 'postgresTls', 'postgresUser', 'postgresPassword'] as const;

const databaseOf = (values: Partial<Record<string, unknown>>) =>
  Object.fromEntries(DATABASE.map((name) => [name, values[name]]));

/** `none`: there is no such thing on the way. */
type StepState = 'ok' | 'failed' | 'unknown' | 'none';

interface Step {
  step: string;
  state: StepState;
  detail?: string;
  /** of the error that the detail tells */
  code?: string;
}

const ICONS: Record<StepState, string> = {
  ok: 'fa-check-circle',
  failed: 'fa-times-circle',
  unknown: 'fa-question-circle-o',
  none: 'fa-circle-o',
};

/**
 * The button "Check connection" and what it found, step by step, with the values of the open dialog.
 *
 * @param selector of the place for it
 */
export function createConnectionCheck(form: FormValues, admin: AdminRequests, selector: string) {
  const { t } = form;
  let turn = 0;

  /** Call in `oneditprepare`, after the form was opened. */
  function prepare(node: EditorNode) {
    const place = document.querySelector(selector)!;
    const list = makeElement('ul', {
      class: 'vision-event-steps',
      'aria-live': 'polite',
      'aria-label': t('check.result'),
    });
    const note = makeElement('span', {}, t('check.note'));
    const button = makeButton(t('check.button'), 'fa fa-plug', () => check(node, button, note, list));
    place.replaceChildren(makeElement('div', { class: 'vision-event-pair' }, button, note), list);
    if (admin.mayDeploy()) return;
    button.disabled = true;
    note.textContent = t('check.forbidden');
  }

  async function check(node: EditorNode, button: HTMLButtonElement, note: HTMLElement, list: HTMLElement) {
    const own = ++turn;
    button.disabled = true;
    note.textContent = t('check.running');
    list.replaceChildren();
    try {
      const { steps } = await admin.post<{ steps: Step[] }>('check-connection', {
        ...connectionOfValues(node.id, form.values()),
        ...databaseOf(form.values()),
      });
      if (own === turn) list.replaceChildren(...steps.map(stepLine));
      note.textContent = t('check.note');
    } catch (error) {
      const { code, message: reason } = adminError(error);
      const keyNeeded = code === 'KEY_NEEDED';
      if (keyNeeded && own === turn) list.replaceChildren(stepLine(missingKey()));
      note.textContent = keyNeeded ? t('check.note') : t('live.failed', { reason });
    }
    button.disabled = false;
  }

  /** A saved key is not sent to an address that was never deployed. */
  function missingKey(): Step {
    return { step: 'settings', state: 'failed', detail: t('check.keyNeeded') };
  }

  function stepLine({ step, state, code, detail = '' }: Step): HTMLElement {
    return makeElement(
      'li',
      { class: `vision-event-step-${state}`, 'data-step': step, 'data-state': state },
      makeElement('i', { class: `fa ${ICONS[state]}`, 'aria-hidden': 'true' }),
      makeElement('span', {}, t(`check.${step}.${state}`, { detail: errorText({ code, message: detail }) })),
    );
  }

  return { prepare };
}
