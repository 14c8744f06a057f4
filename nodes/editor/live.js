/**
 * What the live parts of the dialogs share: requests to Node-RED's admin API, and elements that are built from text only.
 * Class names, use cases and error texts come from elsewhere: no part of them ever becomes markup.
 */

/** @param children elements, texts, or falsy values, which are left out */
function visionEventElement(tag, attributes = {}, ...children) {
  return visionEventFill(document.createElement(tag), attributes, children);
}

// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventSvg(tag, attributes = {}, ...children) {
  return visionEventFill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function visionEventFill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.flat().filter((child) => child || child === 0));
  return element;
}

/** Only what is new is written: the same text written again would be read out again, and what is marked in it unmarked. */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventSay(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A button as Node-RED's own dialogs have them; `icon` is a Font Awesome class. */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventButton(text, icon, onClick) {
  const button = visionEventElement(
    'button',
    { type: 'button', class: 'red-ui-button red-ui-button-small vision-event-button' },
    icon && visionEventElement('i', { class: icon, 'aria-hidden': 'true' }),
    visionEventElement('span', {}, text),
  );
  button.addEventListener('click', ({ detail }) => {
    // A double click is one press: its second half may meet a question, or another button in the place of the first.
    if (detail <= 1) onClick();
  });
  return button;
}

/** The texts of the live parts that several dialogs have stand once, in the catalogue of the vision event. */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventSharedText(key, values) {
  return RED._(`@vision-events/node-red-roboflow/roboflow-vision-event:roboflow-vision-event.${key}`, values);
}

/**
 * Requests to the admin routes of this package. They resolve with the answer, or reject with `{code, message}` whose message is for
 * the user. Addresses are relative: Node-RED need not live at the root.
 */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventAdmin(t) {
  const PATIENCE_MS = 25_000;

  function request(method, path, body) {
    return new Promise((resolve, reject) => {
      $.ajax({
        url: `vision-events/${path}`,
        method,
        dataType: 'json',
        timeout: PATIENCE_MS,
        ...(method === 'POST' && { contentType: 'application/json', data: JSON.stringify(body ?? {}) }),
      }).then(resolve, (answer) => reject(refusalOf(answer)));
    });
  }

  function refusalOf({ status, responseJSON }) {
    const { code, message } = responseJSON?.error ?? {};
    if (message) return { code, message };
    if (status === 401 || status === 403) return { code: 'FORBIDDEN', message: t('live.forbidden') };
    return { code: 'UNREACHABLE', message: t('live.unreachable') };
  }

  return {
    get: (path) => request('GET', path),
    post: (path, body) => request('POST', path, body),
    /** The server refuses in any case; this only spares the user buttons that do nothing. */
    mayWrite: () => RED.user.hasPermission('roboflow-vision-event-workspace.write'),
    mayDeploy: () =>
      RED.user.hasPermission('roboflow-vision-event-workspace.write') &&
      RED.user.hasPermission('flows.write'),
  };
}
