// The parts of a simulated cluster wired together, and what happens to requests and batches in it.

import type { ClusterState, Configuration, Random, Trial } from "../core/index.ts";
import type { ArrivalFeed } from "./arrival-feed.ts";
import { BatchTable } from "./batch-table.ts";
import { Billing } from "./billing.ts";
import { CentralStation } from "./central-station.ts";
import { EventQueue } from "./event-queue.ts";
import { Fleet, NO_FAILURES } from "./fleet.ts";
import { type CallCounts, FunctionStation } from "./function-station.ts";
import { Hosts, READY } from "./hosts.ts";
import { type Lane, setLimits, stationsOf } from "./lane.ts";
import type { MachineParts, MachineStation } from "./machine-station.ts";
import { clusterState } from "./observation.ts";
import { PendingKnobs } from "./pending-knobs.ts";
import type { SimulationPlan } from "./plan.ts";
import { type Pool, poolsOf } from "./pool.ts";
import { RequestMix } from "./request-mix.ts";
import { RoutedStation } from "./routed-station.ts";
import { Score } from "./score.ts";
import { Service } from "./service.ts";
import { type HostSettings, ServiceNoise, serviceTable } from "./service-times.ts";
import { largestBatch, readSettings, type Settings } from "./settings.ts";
import type { Station } from "./station.ts";
import type { SimulationTotals } from "./totals.ts";
import { WindowMeter } from "./window-meter.ts";

const NO_TELEMETRY = { arrivalTimes: false, serviceTimes: false };

/** Everything but time and arrivals, which the simulator owns. */
export class Cluster {
  readonly events = new EventQueue();
  /** Every station, to be asked when it is due. */
  stations: readonly Station[];
  /** Requests that have arrived so far. */
  arrived = 0;
  readonly #plan: SimulationPlan;
  readonly #hosts = new Hosts();
  readonly #batches: BatchTable;
  readonly #pools: readonly Pool[];
  readonly #mix: RequestMix;
  readonly #score: Score;
  readonly #windows: readonly [WindowMeter, WindowMeter];
  readonly #billing: Billing;
  readonly #service: Service;
  readonly #fleet: Fleet;
  readonly #calls: CallCounts = { inFlight: 0, calls: 0, coldStarts: 0, throttled: 0 };
  readonly #pending: PendingKnobs;
  readonly #lanes: readonly [Lane, Lane];
  readonly #split: Random;
  readonly #tableByKey = new Map<string, number>();
  #settings: Settings;
  #canary: { readonly configuration: Configuration; readonly settings: Settings; readonly share: number } | null = null;
  /** One kind of request, one station, nothing to decide about an arrival. */
  #plain = false;
  #served = 0;
  #dropped = 0;
  #retried = 0;

  constructor(plan: SimulationPlan, random: Random) {
    this.#plan = plan;
    this.#mix = new RequestMix(plan, random.split("classes"));
    this.#pools = poolsOf(plan);
    const stride = largestBatch(plan);
    const { varied, buffers } = this.#mix;
    this.#batches = new BatchTable(stride, varied, plan.buffers?.padding ?? false);
    this.#score = new Score(plan.slo, plan.classes, plan.scoreFromS, plan.workload.excluded);
    const telemetry = plan.telemetry ?? NO_TELEMETRY;
    this.#windows = [new WindowMeter(plan.slo[0], stride, telemetry), new WindowMeter(plan.slo[0], stride, telemetry)];
    this.#billing = new Billing(this.#pools.length, this.#windows);
    this.#service = new Service(
      this.#hosts,
      this.#batches,
      this.events,
      new ServiceNoise(plan.reality, random.split("service")),
    );
    this.#split = random.split("canary");
    const onTimeout = (arrivalS: number): void => this.#drop(arrivalS);
    const machineParts: MachineParts = {
      hosts: this.#hosts,
      batches: this.#batches,
      service: this.#service,
      pools: this.#pools.length,
      weights: this.#pools.map(({ weight }) => weight),
      predictsWait: plan.function !== null,
    };
    const functionParts = {
      batches: this.#batches,
      events: this.events,
      billing: this.#billing,
      noise: new ServiceNoise(plan.reality, random.split("functions")),
      random: random.split("cold starts"),
      counts: this.#calls,
    };
    const lane = (index: number): Lane => ({
      machines:
        this.#pools.length === 0
          ? null
          : plan.routing === "central"
            ? new CentralStation(index, machineParts, buffers, varied, plan.queueTimeoutS, onTimeout)
            : new RoutedStation(
                index,
                machineParts,
                buffers,
                varied,
                plan.queueTimeoutS,
                onTimeout,
                plan.routing === "weighted-round-robin",
              ),
      functions:
        plan.function === null
          ? null
          : new FunctionStation(
              index,
              { ...functionParts, plan: plan.function },
              buffers,
              varied,
              plan.queueTimeoutS,
              onTimeout,
            ),
    });
    this.#lanes = [lane(0), lane(1)];
    this.stations = stationsOf([this.#lanes[0]]);
    this.#fleet = new Fleet({
      pools: this.#pools,
      hosts: this.#hosts,
      events: this.events,
      billing: this.#billing,
      random: random.split("machines"),
      failures: plan.failures ?? NO_FAILURES,
      quotas: plan.quotas ?? {},
      makeBeforeBreak: plan.knobs.some(({ name }) => name === "instanceType"),
      station: (index) => this.#machines(index),
      onLoss: (host, timeS) => this.#lose(host, timeS),
    });
    this.#pending = new PendingKnobs(plan.knobs, plan.initial);
    this.#settings = readSettings(plan, plan.initial);
    this.#billing.scoring = this.#score.counts(0);
    this.#equip(0, this.#settings, 0);
    setLimits(this.#lanes[0], this.#settings);
    this.#fleet.want(plan.host === null ? this.#settings.onDemand : [1], this.#settings.spot, 0, true);
    this.#decideFastPath();
  }

  /** Takes arrivals before `limitS`, up to the first after which something may happen sooner. */
  admit(feed: ArrivalFeed, limitS: number): void {
    if (this.#plain) this.#admitPlain(feed, limitS);
    else this.#admitAny(feed, limitS);
  }

  /** The service of a batch ends, unless its machine was lost meanwhile. */
  batchEnded(row: number, sequence: number, timeS: number): void {
    const batches = this.#batches;
    if (batches.sequence[row] !== sequence) return;
    const host = batches.host[row] ?? 0;
    const lane = batches.lane[row] ?? 0;
    const station = this.#machines(lane);
    this.#service.end(row, timeS);
    this.#record(row, lane, timeS, false);
    station.ended(row, host, timeS);
    batches.release(row);
    if (this.#hosts.busy[host] === 0 && this.#hosts.state[host] !== READY) this.#fleet.idled(host, timeS);
    station.pump(timeS);
  }

  /** A function call ends. */
  callEnded(row: number, timeS: number): void {
    const lane = this.#batches.lane[row] ?? 0;
    this.#record(row, lane, timeS, true);
    this.#lanes[lane === 1 ? 1 : 0].functions?.ended(row, timeS);
    this.#batches.release(row);
    for (const { functions } of this.#lanes) {
      functions?.refresh();
      functions?.pump(timeS);
    }
  }

  /** Something happens to a machine, a zone or a market. */
  fleetEvent(kind: number, number: number, sequence: number, timeS: number): void {
    this.#fleet.handle(kind, number, sequence, timeS);
    this.#pumpAll(timeS);
  }

  /** Arrivals of a quarter second. */
  tick(arrivals: number): void {
    for (const window of this.#windows) window.tick(arrivals);
  }

  /** Turns scoring on or off as the moment says; returns when it changes next. */
  score(timeS: number): number {
    this.#billing.accrue(timeS);
    this.#billing.scoring = this.#score.counts(timeS);
    return this.#score.nextChangeS(timeS);
  }

  /** @returns the moments at which parts of the configuration come into force */
  configure(configuration: Configuration, trial: Trial | undefined, timeS: number): number[] {
    const wanted: Configuration = { ...this.#pending.running, ...configuration };
    const settings = readSettings(this.#plan, wanted);
    this.#endTrial(wanted, timeS);
    if (trial !== undefined) {
      const share = trial.share < 1 ? this.#startCanary(settings, wanted, trial.share, timeS) : 1;
      this.#canary = { configuration: wanted, settings, share };
      this.#windows[1].clear(timeS);
      this.#decideFastPath();
      if (share < 1) return [];
    }
    const moments = this.#pending.accept(wanted, timeS);
    if (moments[0] === timeS) this.settle(timeS);
    return moments;
  }

  /** Brings into force the knobs that are due. */
  settle(timeS: number): void {
    const changed = this.#pending.settle(timeS);
    if (changed.length === 0) return;
    this.#settings = readSettings(this.#plan, this.#pending.running);
    const [lane] = this.#lanes;
    this.#equip(0, this.#settings, this.#pending.restartS(changed));
    setLimits(lane, this.#settings);
    this.#fleet.rollOut(0, timeS);
    this.#fleet.want(this.#plan.host === null ? this.#settings.onDemand : [1], this.#settings.spot, timeS);
    this.#decideFastPath();
    this.#pumpAll(timeS);
  }

  /** The window since the last call. */
  observe(timeS: number): Omit<ClusterState, "history" | "forecast" | "mask"> {
    this.#billing.accrue(timeS);
    for (const station of this.stations) station.expire(timeS);
    const state = clusterState({
      timeS,
      windows: this.#windows,
      lanes: this.#lanes,
      utilization: this.#service.utilization(timeS),
      fleet: this.#pools.length === 0 ? {} : this.#fleet.count(),
      configuration: this.#pending.running,
      inFlight: this.#pending.inFlight ?? (this.#fleet.restarting ? this.#pending.running : null),
      canary: this.#canary,
      usdPerHour: this.#billing.usdPerHour,
    });
    for (const window of this.#windows) window.clear(timeS);
    return state;
  }

  totals(timeS: number): SimulationTotals {
    this.#billing.accrue(timeS);
    for (const station of this.stations) station.expire(timeS);
    const { overdue, inSystem } = this.#waiting(timeS);
    const perHour = this.#score.perHour(overdue);
    const requests = perHour.reduce((sum, hour) => sum + hour.requests, 0);
    const { histogram } = this.#score;
    const [onDemand = 0, spot = 0, functions = 0] = this.#billing.usd;
    return {
      requests,
      served: histogram.count,
      dropped: this.#score.dropped,
      offloaded: this.#score.offloaded,
      usd: onDemand + spot + functions,
      usdBySource: { onDemand, spot, functions },
      instanceHours: Object.fromEntries(
        this.#pools.map(({ name }, pool) => [name, (this.#billing.machineS[pool] ?? 0) / 3600]),
      ),
      latency: {
        meanMs: histogram.meanMs,
        p50Ms: histogram.quantileMs(0.5),
        p95Ms: histogram.quantileMs(0.95),
        p99Ms: histogram.quantileMs(0.99),
      },
      histogram: histogram.occupied(),
      attained: this.#plan.slo.map((_, slo) =>
        requests === 0 ? 1 : perHour.reduce((sum, hour) => sum + (hour.within[slo] ?? 0), 0) / requests,
      ),
      perHour,
      flow: { arrived: this.arrived, served: this.#served, dropped: this.#dropped, inSystem },
      events: {
        ...this.#fleet.counts,
        calls: this.#calls.calls,
        coldStarts: this.#calls.coldStarts,
        throttled: this.#calls.throttled,
        retried: this.#retried,
      },
    };
  }

  #machines(lane: number): MachineStation {
    const station = this.#lanes[lane === 1 ? 1 : 0].machines;
    if (station === null) throw new RangeError("simulator: expected machines, found none in the plan");
    return station;
  }

  #admitPlain(feed: ArrivalFeed, limitS: number): void {
    const station = this.stations[0];
    const queue = station?.buffers[0];
    if (station === undefined || queue === undefined) return;
    const { block, count, index } = feed;
    let i = index;
    if (station.free > 0) {
      const room = index + (queue.size === 0 ? 1 : station.maxBatchSize - queue.size);
      const end = Math.min(room, count);
      let timeS = 0;
      while (i < end && (block[i] ?? limitS) < limitS) {
        timeS = block[i] ?? 0;
        queue.push(timeS);
        i += 1;
      }
      station.pump(timeS);
    } else {
      while (i < count && (block[i] ?? limitS) < limitS) {
        queue.push(block[i] ?? 0);
        i += 1;
      }
    }
    feed.index = i;
    this.arrived += i - index;
    this.#windows[0].arrivals(block, index, i);
    if (this.#canary !== null) this.#windows[1].arrivals(block, index, i);
  }

  #admitAny(feed: ArrivalFeed, limitS: number): void {
    const { block, count } = feed;
    while (feed.index < count) {
      const index = feed.index;
      const timeS = block[index] ?? limitS;
      if (timeS >= limitS) return;
      feed.index = index + 1;
      this.arrived += 1;
      this.#windows[0].arrivals(block, index, index + 1);
      if (this.#mix.varied) this.#mix.draw();
      const station = this.#route(block, index, timeS);
      if (station === null) continue;
      const queue = station.buffers[this.#mix.buffer];
      if (queue === undefined) continue;
      if (this.#mix.varied) queue.pushAttributed(timeS, this.#mix.requestClass, this.#mix.size);
      else queue.push(timeS);
      if (station.free > 0) {
        station.pump(timeS);
        return;
      }
    }
  }

  /** The station for a request, or null when it is turned away. */
  #route(block: Float64Array, index: number, timeS: number): Station | null {
    let lane: Lane = this.#lanes[0];
    let thresholdS = this.#settings.offloadThresholdS;
    const canary = this.#canary;
    if (canary !== null) {
      const whole = canary.share >= 1;
      const open = whole || this.#lanes[1].machines === null || this.#lanes[1].machines.openMachines > 0;
      if (whole || (open && this.#split.next() < canary.share)) {
        this.#windows[1].arrivals(block, index, index + 1);
        if (!whole) {
          lane = this.#lanes[1];
          thresholdS = canary.settings.offloadThresholdS;
        }
      }
    }
    const { machines, functions } = lane;
    if (
      functions !== null &&
      (machines === null ||
        (this.#mix.offloadable && thresholdS < Number.POSITIVE_INFINITY && machines.predictedWaitS(timeS) > thresholdS))
    ) {
      if (functions.throttles) {
        this.#calls.throttled += 1;
        this.#drop(timeS);
        return null;
      }
      return machines === null ? this.#limited(functions, 0, timeS) : functions;
    }
    return machines === null ? null : this.#limited(machines, machines.waitingAtMachines, timeS);
  }

  /** The station, or null when its queue is full and the request would have to wait. */
  #limited(station: Station, waitingElsewhere: number, timeS: number): Station | null {
    const limit = this.#plan.queueLimit;
    if (limit === Number.POSITIVE_INFINITY) return station;
    station.expire(timeS);
    const waiting = station.waiting + waitingElsewhere;
    const atOnce = station.free > 0 && (station.maxDelayS === 0 || waiting + 1 >= station.maxBatchSize);
    if (waiting < limit || atOnce) return station;
    this.#drop(timeS);
    return null;
  }

  #record(row: number, lane: number, timeS: number, offloaded: boolean): void {
    const batches = this.#batches;
    const count = batches.count[row] ?? 0;
    const offset = row * batches.stride;
    const serviceS = timeS - (batches.startS[row] ?? 0);
    const [whole, own] = this.#windows;
    this.#served += count;
    this.#score.serve(batches.times, batches.classes, offset, count, timeS, whole, offloaded && this.#pools.length > 0);
    const measured = !offloaded || this.#pools.length === 0;
    if (measured) whole.batch(count, serviceS);
    if (lane === 0 && this.#canary?.share !== 1) return;
    this.#score.watch(batches.times, batches.classes, offset, count, timeS, own);
    if (measured) own.batch(count, serviceS);
    else own.offloaded += count;
  }

  #drop(arrivalS: number): void {
    this.#dropped += 1;
    this.#score.drop(arrivalS, this.#windows[0]);
  }

  /** What was on a lost machine goes back to the queue, or is lost too. */
  #lose(host: number, timeS: number): void {
    const batches = this.#batches;
    const station = this.#machines(this.#hosts.lane[host] ?? 0);
    for (let row = 0; row < batches.rows; row++) {
      if (batches.host[row] !== host || (batches.sequence[row] ?? -1) < 0) continue;
      this.#service.end(row, timeS);
      station.forget(row, host);
      this.#giveBack(row, station, this.#plan.failures?.lostRequests === "drop");
    }
    station.reclaim(host, (row) => this.#giveBack(row, station, false));
  }

  #giveBack(row: number, station: Station, drop: boolean): void {
    const batches = this.#batches;
    const offset = row * batches.stride;
    for (let i = offset; i < offset + (batches.count[row] ?? 0); i++) {
      const arrivalS = batches.times[i] ?? 0;
      if (drop) {
        this.#drop(arrivalS);
        continue;
      }
      this.#retried += 1;
      const size = batches.sizes[i] ?? 1;
      station.buffers[this.#mix.bufferOf(size)]?.giveBack(arrivalS, batches.classes[i] ?? 0, size);
    }
    batches.release(row);
  }

  /** Moves a share of the machines to the canary; returns the share of traffic it gets, 1 when it cannot split. */
  #startCanary(settings: Settings, configuration: Configuration, share: number, timeS: number): number {
    const hosts = this.#hosts;
    let moved = share;
    if (this.#pools.length > 0) {
      const ready = hosts.select((host) => hosts.state[host] === READY);
      if (this.#plan.host !== null || ready.length < 2) return 1;
      const step = Math.max(1, Math.round(1 / share));
      const chosen = ready.filter((_, i) => i % step === 0).slice(0, ready.length - 1);
      this.#equip(1, settings, this.#delayBetween(this.#pending.running, configuration));
      setLimits(this.#lanes[1], settings);
      this.#fleet.move(chosen, 1, timeS);
      moved = chosen.length / ready.length;
    } else setLimits(this.#lanes[1], settings);
    this.stations = stationsOf(this.#lanes);
    return moved;
  }

  #endTrial(next: Configuration, timeS: number): void {
    const canary = this.#canary;
    if (canary === null) return;
    this.#canary = null;
    this.#windows[1].clear(timeS);
    if (canary.share < 1) {
      const hosts = this.#hosts;
      const { machines, functions } = this.#lanes[1];
      this.#equip(0, this.#settings, this.#delayBetween(canary.configuration, next));
      this.#fleet.move(
        hosts.select((host) => hosts.lane[host] === 1),
        0,
        timeS,
      );
      this.#transfer(machines, this.#lanes[0].machines);
      this.#transfer(functions, this.#lanes[0].functions);
      this.stations = stationsOf([this.#lanes[0]]);
    }
    this.#decideFastPath();
    this.#pumpAll(timeS);
  }

  #transfer(from: Station | null, to: Station | null): void {
    from?.buffers.forEach((queue, index) => {
      while (queue.size > 0) {
        to?.buffers[index]?.giveBack(queue.headS, queue.classes[queue.head] ?? 0, queue.sizes[queue.head] ?? 1);
        queue.drop(1);
      }
    });
    if (from !== null) from.dueS = Number.POSITIVE_INFINITY;
  }

  /** How long a machine is out between two configurations. */
  #delayBetween(from: Configuration, to: Configuration): number {
    return this.#pending.restartS(Object.keys(to).filter((name) => from[name] !== to[name]));
  }

  #equip(lane: number, settings: Settings, restartS: number): void {
    const tables = this.#pools.map((pool, index) => this.#tableOf(pool, index, settings.host, settings.maxBatchSize));
    this.#fleet.setLane(lane, { settings: settings.host, tables, restartS });
  }

  #tableOf(pool: Pool, index: number, settings: HostSettings, maxBatchSize: number): number {
    const largest = Math.max(maxBatchSize, this.#batches.stride);
    const { concurrency, intraOpThreads, interOpThreads, tensorParallel } = settings;
    const key = [index, concurrency, intraOpThreads, interOpThreads, tensorParallel, largest].join("/");
    const known = this.#tableByKey.get(key);
    if (known !== undefined) return known;
    const table = this.#service.tables.push(serviceTable(pool.machine, settings, this.#plan.reality, largest)) - 1;
    this.#tableByKey.set(key, table);
    return table;
  }

  #pumpAll(timeS: number): void {
    for (const station of this.stations) station.pump(timeS);
  }

  #decideFastPath(): void {
    const { machines, functions } = this.#lanes[0];
    const noOffload =
      machines === null || functions === null || this.#settings.offloadThresholdS === Number.POSITIVE_INFINITY;
    const noSplit = this.#canary === null || this.#canary.share >= 1;
    const noLimit = this.#plan.queueLimit === Number.POSITIVE_INFINITY;
    const noThrottle = machines !== null || this.#plan.function?.overflow !== "drop";
    this.#plain = !this.#mix.varied && noOffload && noSplit && noLimit && noThrottle;
  }

  /** Requests not yet served: how many, and which of them count and are later than every SLO. */
  #waiting(timeS: number): { readonly overdue: number[]; readonly inSystem: number } {
    const overdue: number[] = [];
    let inSystem = 0;
    const limitS = this.#score.longestLimitMs / 1000;
    const look = (arrivalS: number): void => {
      inSystem += 1;
      if (timeS - arrivalS > limitS && this.#score.counts(arrivalS)) overdue.push(arrivalS);
    };
    for (const station of stationsOf(this.#lanes)) {
      for (const queue of station.buffers) {
        for (let i = 0; i < queue.size; i++) look(queue.times[(queue.head + i) & queue.mask] ?? 0);
      }
    }
    const batches = this.#batches;
    for (let row = 0; row < batches.rows; row++) {
      for (let i = 0; i < (batches.count[row] ?? 0); i++) look(batches.times[row * batches.stride + i] ?? 0);
    }
    return { overdue, inSystem };
  }
}
