// A lane: the stations one configuration governs. Lane 0 is the cluster, lane 1 the canary while one runs.

import type { FunctionStation } from "./function-station.ts";
import type { MachineStation } from "./machine-station.ts";
import type { Settings } from "./settings.ts";
import type { Station } from "./station.ts";

/** Stations under one configuration; at least one of them is there. */
export interface Lane {
  readonly machines: MachineStation | null;
  readonly functions: FunctionStation | null;
}

/** Gives the stations of a lane their limits. */
export function setLimits(lane: Lane, settings: Settings): void {
  lane.machines?.setLimits(settings.maxBatchSize, settings.maxBatchDelayS, settings.offloadThresholdS);
  lane.functions?.configure(settings.functionBatchSize, settings.maxBatchDelayS, settings.functionMemoryMb);
  lane.functions?.refresh();
}

/** The stations of lanes, in order. */
export function stationsOf(lanes: readonly Lane[]): Station[] {
  return lanes.flatMap(({ machines, functions }) => [machines, functions].filter((station) => station !== null));
}

/** Requests waiting in a lane. */
export function waitingIn(lane: Lane): number {
  const machines = lane.machines === null ? 0 : lane.machines.waiting + lane.machines.waitingAtMachines;
  return machines + (lane.functions?.waiting ?? 0);
}
