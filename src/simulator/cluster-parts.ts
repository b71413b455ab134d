// The parts of one simulation, made from its plan and wired to each other.

import type { Random } from "../core/index.ts";
import { KeyedRandom } from "../math/index.ts";
import { BatchTable } from "./batch-table.ts";
import { Billing } from "./billing.ts";
import { CentralStation } from "./central-station.ts";
import { Clock } from "./clock.ts";
import { EventQueue } from "./event-queue.ts";
import { type CallCounts, FunctionStation } from "./function-station.ts";
import { Hosts } from "./hosts.ts";
import type { Lane } from "./lane.ts";
import type { MachineParts, MachineStation } from "./machine-station.ts";
import type { SimulationPlan } from "./plan.ts";
import { type Pool, poolsOf } from "./pool.ts";
import { RequestMix } from "./request-mix.ts";
import { RoutedStation } from "./routed-station.ts";
import { Score } from "./score.ts";
import { Service } from "./service.ts";
import { ServiceNoise } from "./service-times.ts";
import { largestBatch } from "./settings.ts";
import type { BufferOptions } from "./station.ts";
import { WindowMeter } from "./window-meter.ts";

const NO_TELEMETRY = { arrivalTimes: false, serviceTimes: false };

/** Everything requests, batches and machines of one simulation share. */
export interface ClusterParts {
  readonly plan: SimulationPlan;
  readonly clock: Clock;
  readonly events: EventQueue;
  readonly hosts: Hosts;
  readonly batches: BatchTable;
  readonly pools: readonly Pool[];
  readonly mix: RequestMix;
  readonly score: Score;
  /** Of the whole cluster, then of the canary. */
  readonly windows: readonly [WindowMeter, WindowMeter];
  readonly billing: Billing;
  readonly service: Service;
  readonly calls: CallCounts;
  /** The cluster's own, then that of the canary. */
  readonly lanes: readonly [Lane, Lane];
  /** Station of machines of a lane. @throws {RangeError} where the plan has no machines */
  readonly station: (lane: number) => MachineStation;
}

/** Makes the parts. `onTimeout` is told of every request that waited too long. */
export function clusterParts(
  plan: SimulationPlan,
  random: Random,
  onTimeout: (arrivalS: number, lane: number) => void,
): ClusterParts {
  const clock = new Clock();
  const events = new EventQueue();
  const hosts = new Hosts();
  const pools = poolsOf(plan);
  const mix = new RequestMix(plan, random.split("classes"));
  const stride = largestBatch(plan);
  const batches = new BatchTable(stride, mix.varied, plan.buffers?.padding ?? false);
  const telemetry = plan.telemetry ?? NO_TELEMETRY;
  const windows = [
    new WindowMeter(plan.slo[0], stride, telemetry),
    new WindowMeter(plan.slo[0], stride, telemetry),
  ] as const;
  const billing = new Billing(pools.length, windows);
  const common = plan.reality.commonRandomNumbers === true;
  const streamOf = (label: string): Random => (common ? new KeyedRandom(random.split(label)) : random.split(label));
  const noise = new ServiceNoise(plan.reality, streamOf("service"));
  const service = new Service(clock, hosts, batches, events, noise);
  const calls: CallCounts = { inFlight: 0, calls: 0, coldStarts: 0, throttled: 0 };
  const machineParts: MachineParts = {
    hosts,
    batches,
    service,
    pools: pools.length,
    weights: pools.map(({ weight }) => weight),
    predictsWait: plan.function !== null,
  };
  const functionParts = {
    batches,
    events,
    billing,
    noise: new ServiceNoise(plan.reality, streamOf("functions")),
    random: streamOf("cold starts"),
    counts: calls,
  };
  const buffersOf = (lane: number): BufferOptions => ({
    count: mix.bufferCount,
    attributed: mix.varied,
    timeoutS: plan.queueTimeoutS,
    onTimeout: (arrivalS) => onTimeout(arrivalS, lane),
  });
  const machinesOf = (lane: number): MachineStation | null => {
    if (pools.length === 0) return null;
    if (plan.routing === "central") return new CentralStation(clock, lane, machineParts, buffersOf(lane));
    return new RoutedStation(clock, lane, machineParts, buffersOf(lane), plan.routing === "weighted-round-robin");
  };
  const laneOf = (lane: number): Lane => ({
    machines: machinesOf(lane),
    functions:
      plan.function === null
        ? null
        : new FunctionStation(clock, lane, { ...functionParts, plan: plan.function }, buffersOf(lane)),
  });
  const lanes = [laneOf(0), laneOf(1)] as const;
  return {
    plan,
    clock,
    events,
    hosts,
    batches,
    pools,
    mix,
    score: new Score(clock, plan.slo, plan.classes, plan.scoreFromS, plan.workload.excluded),
    windows,
    billing,
    service,
    calls,
    lanes,
    station: (lane) => {
      const { machines } = lanes[lane === 1 ? 1 : 0];
      if (machines === null) throw new RangeError("simulation: expected machines in the plan, found none");
      return machines;
    },
  };
}
