// The two halves of a cluster: what tells its windows, and what tells its configuration and takes changes of it.
//
// Any adapter is both. One that is made of halves tells them apart, so that a cluster file may name another observer,
// such as Prometheus for what runs on Kubernetes, and the actuator is never asked for metrics nobody wants from it.

import type { ClusterState, Configuration, WindowMetrics } from "../core/index.ts";

/** A window without its price, which depends on the configuration. */
export type MeasuredWindow = Omit<WindowMetrics, "costUsdPerHour" | "costUsd">;

/** Tells windows that follow each other. */
export interface Observer {
  /** @throws {ObservationError} naming what is missing, stale or impossible */
  observe(): Promise<{ readonly timeS: number; readonly metrics: MeasuredWindow }>;
  /** Looks at what can only be seen at the time, such as gauges; called every few seconds. */
  sample?(): Promise<void>;
  /** May be called twice. */
  close(): Promise<void>;
}

/** Tells what runs, and changes it. */
export interface Actuator {
  /** @throws {ObservationError} when it cannot be told */
  observe(): Promise<Pick<ClusterState, "configuration" | "inFlight" | "fleet">>;
  /**
   * Only knobs and values it offers are sent to it.
   * @throws {ActuationError} when refused, leaving things as they were, or failed, leaving nobody knows what
   */
  apply(configuration: Configuration): Promise<void>;
  /** May be called twice. */
  close(): Promise<void>;
}
