import { errorText } from './error-text';
import type { Text } from './form';
import './live.css';

/**
 * What the live parts of the dialogs share: requests to Node-RED's admin API, and elements that are built from text
 * only. Class names, use cases and error texts come from elsewhere: no part of them ever becomes markup.
 */

type Attributes = Record<string, string | number | boolean | null | undefined>;
/** What is falsy is left out, but for 0. */
type Child = Node | string | number | false | null | undefined;

/** @param children elements, texts, or falsy values, which are left out */
export function makeElement<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Child | Child[])[]
): HTMLElementTagNameMap[Tag] {
  return fillElement(document.createElement(tag), attributes, children);
}

export function makeSvg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Child | Child[])[]
): SVGElementTagNameMap[Tag] {
  return fillElement(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function fillElement<Made extends Element>(
  element: Made,
  attributes: Attributes,
  children: (Child | Child[])[],
): Made {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) element.setAttribute(name, String(value));
  }
  const shown = children.flat().filter((child) => child || child === 0) as (Node | string | number)[];
  element.append(...shown.map((child) => (typeof child === 'number' ? String(child) : child)));
  return element;
}

/**
 * Only what is new is written: the same text written again would be read out again, and what is marked in it unmarked.
 */
export function setText(element: Node, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A button as Node-RED's own dialogs have them; `icon` is a Font Awesome class. */
export function makeButton(text: string, icon: string, onClick: () => unknown): HTMLButtonElement {
  const button = makeElement(
    'button',
    { type: 'button', class: 'red-ui-button red-ui-button-small vision-event-button' },
    icon && makeElement('i', { class: icon, 'aria-hidden': 'true' }),
    makeElement('span', {}, text),
  );
  button.addEventListener('click', ({ detail }) => {
    // A double click is one press: its second half may meet a question, or another button in the place of the first.
    if (detail <= 1) onClick();
  });
  return button;
}

/** The texts of the live parts that several dialogs have stand once, in the catalogue of the vision event. */
export const sharedText: Text = (key, values) =>
  RED._(`@vision-events/node-red-roboflow/roboflow-vision-event:roboflow-vision-event.${key}`, values);

export interface AdminError {
  code?: string;
  /** for the user */
  message: string;
}

/** The reason for which a request was rejected. */
export const adminError = (error: unknown): AdminError => error as AdminError;

export type AdminRequests = ReturnType<typeof adminRequests>;

/**
 * Requests to the admin routes of this package. They resolve with the answer, or reject with `{code, message}` whose
 * message is for the user. Addresses are relative: Node-RED need not live at the root.
 */
export function adminRequests(t: Text) {
  const PATIENCE_MS = 25_000;

  function request<Answer>(method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> {
    return new Promise((resolve, reject) => {
      void $.ajax({
        url: `vision-events/${path}`,
        method,
        dataType: 'json',
        timeout: PATIENCE_MS,
        ...(method === 'POST' && { contentType: 'application/json', data: JSON.stringify(body ?? {}) }),
      }).then(
        (answer: Answer) => resolve(answer),
        (answer: JQuery.jqXHR) => reject(refusalOf(answer)),
      );
    });
  }

  /** A picture, by the session of the editor: an element could not send its token. */
  function picture(path: string): Promise<Blob> {
    return new Promise((resolve, reject) => {
      void $.ajax({
        url: `vision-events/${path}`,
        timeout: PATIENCE_MS,
        xhrFields: { responseType: 'blob' },
      }).then(
        (answer: Blob) => resolve(answer),
        (answer: JQuery.jqXHR) => reject(refusalOf(answer)),
      );
    });
  }

  function refusalOf({ status, responseJSON }: JQuery.jqXHR): Error & AdminError {
    const { code, message } = (responseJSON as { error?: Partial<AdminError> } | undefined)?.error ?? {};
    if (message) return withCode(code, errorText({ code, message }));
    if (status === 401 || status === 403) return withCode('FORBIDDEN', t('live.forbidden'));
    return withCode('UNREACHABLE', t('live.unreachable'));
  }

  return {
    get: <Answer>(path: string) => request<Answer>('GET', path),
    post: <Answer>(path: string, body?: object) => request<Answer>('POST', path, body),
    picture,
    mayRead: () => RED.user.hasPermission('roboflow-vision-event-workspace.read'),
    /** The server refuses in any case; this only spares the user buttons that do nothing. */
    mayWrite: () => RED.user.hasPermission('roboflow-vision-event-workspace.write'),
    mayDeploy: () =>
      RED.user.hasPermission('roboflow-vision-event-workspace.write') &&
      RED.user.hasPermission('flows.write'),
  };
}

const withCode = (code: string | undefined, message: string) => Object.assign(new Error(message), { code });
