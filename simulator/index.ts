/** What other people's tests use: `start` for the cloud's API, `startEventStore` for the store of an edge device. */
export { startSimulator as start } from './server';
export type { Simulator, SimulatorOptions } from './server';
export { startEventStore } from './event-store';
export type { EventStore, EventStoreOptions, LocalEvent } from './event-store';
export type { Endpoint } from './endpoints';
export type { Fault, FaultControl, FaultKind, RandomFaults } from './faults';
export type { RequestEntry, RequestLog } from './request-log';
export type { StoredEvent } from './store';
