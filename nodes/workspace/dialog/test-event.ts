import type { FormValues } from '../../editor/form';
import { adminError, makeButton, makeElement, type AdminRequests } from '../../editor/live';
import { createUseCasePicker } from '../../editor/use-case-picker';
import { connectionOfValues } from '../../editor/workspaces';

const FIELD = '#vision-event-test-use-case';

/**
 * The button "Send a test event": one small event into a use case that is chosen there, with the values of the open
 * dialog.
 *
 * @param selector of the section
 */
export function createTestEvent(form: FormValues, admin: AdminRequests, selector: string) {
  const { t } = form;
  let node: EditorNode;
  const connection = () => connectionOfValues(node.id, form.values());
  const useCases = createUseCasePicker(admin, { field: FIELD, connection });

  /** Call in `oneditprepare`, after the form was opened. */
  function prepare(editedNode: EditorNode) {
    node = editedNode;
    useCases.prepare();
    const result = makeElement('span', { class: 'vision-event-test-result', 'aria-live': 'polite' });
    const button = makeButton(t('testEvent.send'), 'fa fa-paper-plane-o', () => send(button, result));
    const place = document.querySelector(`${selector} .vision-event-test-event`)!;
    place.replaceChildren(
      makeElement('div', { class: 'vision-event-note vision-event-lead' }, t('testEvent.note')),
      makeElement('div', { class: 'form-row vision-event-pair' }, button, result),
    );
    if (admin.mayDeploy()) return;
    button.disabled = true;
    result.textContent = t('check.forbidden');
  }

  async function send(button: HTMLButtonElement, result: HTMLElement) {
    const useCase = String($(FIELD).val()).trim();
    const say = (text: string, isWrong = false) => {
      result.textContent = text;
      result.classList.toggle('vision-event-note-wrong', isWrong);
    };
    if (useCase === '') return say(t('testEvent.chooseFirst'), true);
    button.disabled = true;
    say(t('testEvent.sending'));
    try {
      const { deviceId } = form.values();
      const body = { ...connection(), useCase, deviceId };
      const { eventId } = await admin.post<{ eventId: string }>('test-event', body);
      say(t('testEvent.sent', { id: eventId }));
    } catch (error) {
      const { code, message } = adminError(error);
      say(code === 'KEY_NEEDED' ? t('check.keyNeeded') : message, true);
    }
    button.disabled = false;
  }

  return { prepare };
}
