/** What an operator should hear of; said once an episode, never once an event. */
export interface OutboxNotice {
  code:
    | 'FILLING'
    | 'FULL'
    | 'DISK_LOW'
    | 'DAMAGED'
    | 'DEAD_LETTERS_FULL'
    | 'LOCK_LOST'
    | 'LOCK_BY_HEARTBEAT'
    | 'NO_FOLDER_FLUSH'
    | 'NOT_DURABLE'
    | 'CLOCK_WRONG'
    | 'CLOCK_SET'
    | 'RIGHTS'
    | 'DATABASE_AWAY'
    | 'DATABASE_BACK'
    | 'LEASE_LOST'
    | 'SPILLING'
    | 'SPILL_MOVED';
  message: string;
}

export type TellNotice = (notice: OutboxNotice) => void;
