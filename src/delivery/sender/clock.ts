import { systemClock, type Clock } from '../outbox/outbox';

/** The clock of a sender can also wake it. */
export interface SenderClock extends Clock {
  /** Calls back once after so many ms of the monotonic clock. @returns cancels it; harmless when it is over */
  setTimer(callback: () => void, ms: number): () => void;
}

/** The longest wait that a Node.js timer takes. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The clocks and timers of this machine. */
export const systemSenderClock: SenderClock = {
  ...systemClock,
  setTimer(callback, ms) {
    const timer = setTimeout(callback, Math.min(Math.max(0, ms), LONGEST_TIMER));
    // A waiting backlog is safe on disk; it is not a reason to keep a process from ending.
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Rounded up: a timer that fires a fraction of a millisecond early would have to be set again and again. */
export function wholeMs(ms: number): number {
  return Math.max(1, Math.ceil(ms));
}
