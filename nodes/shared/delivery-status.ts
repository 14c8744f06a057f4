import type { StatusTexts } from './status-texts';
import type { ThrottledStatus } from './throttled-status';
import type { DeliveryUser } from '../workspace/delivery';

/** Shows on a node what the outbox of its workspace does. */
export function deliveryStatus(status: ThrottledStatus, texts: StatusTexts): DeliveryUser {
  return {
    showDelivery: (state) => status.showElsewhere(() => texts.delivery(state)),
    showError: (error) => status.showElsewhere(() => texts.error(error)),
  };
}
