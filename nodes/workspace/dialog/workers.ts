import { errorText } from '../../editor/error-text';
import type { Text } from '../../editor/form';
import { makeElement } from '../../editor/live';

export interface Worker {
  isThis: boolean;
  name: string;
  host: string;
  version: string;
  leased: number;
  perMinute: number;
  seenMsAgo: number;
  /** events on its disk, which the database is to get */
  spilled: number;
  lastError?: string;
  lastDeliveryError?: { code: string; message: string; msAgo: number };
}

/**
 * The Node-REDs that deliver from the same queue; hidden where there is only a disk.
 *
 * @param duration ms as a text
 */
export function createWorkers(t: Text, duration: (ms: number) => string) {
  const list = makeElement('ul');
  const title = makeElement('h4', {}, t('outbox.workers'));
  const element = makeElement('div', { class: 'vision-event-entries', hidden: 'hidden' }, title, list);
  let shown = '';

  function show(workers: Worker[]) {
    element.hidden = workers.length === 0;
    const now = JSON.stringify(workers);
    if (now === shown) return;
    shown = now;
    list.replaceChildren(...workers.map(row));
  }

  function row({ isThis, name, host, version, leased, perMinute, seenMsAgo, spilled, ...errors }: Worker) {
    const { lastError, lastDeliveryError } = errors;
    const said = host && !name.includes(host) ? `${name}, ${host}` : name;
    const does = t('outbox.workerDoes', { leased, perMinute, ago: duration(seenMsAgo) });
    return makeElement(
      'li',
      {},
      makeElement(
        'div',
        {},
        makeElement('code', {}, isThis ? t('outbox.thisWorker', { name: said }) : said),
        version && ` ${version}`,
        makeElement('p', {}, does),
        spilled > 0 && makeElement('p', {}, t('outbox.workerSpill', { n: spilled })),
        lastError && makeElement('p', {}, t('outbox.workerError', { reason: lastError })),
        lastDeliveryError && makeElement('p', {}, deliveryErrorText(lastDeliveryError)),
      ),
    );
  }

  const deliveryErrorText = ({ msAgo, ...error }: NonNullable<Worker['lastDeliveryError']>) =>
    t('outbox.workerDeliveryError', { reason: errorText(error), ago: duration(msAgo) });

  return { element, show };
}
