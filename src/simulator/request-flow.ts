// Requests on their way: admitted to a station, served in batches, given back by lost machines, or dropped.

import type { ArrivalFeed } from "./arrival-feed.ts";
import { CentralStation } from "./central-station.ts";
import type { ClusterParts } from "./cluster-parts.ts";
import type { Fleet } from "./fleet.ts";
import { READY } from "./hosts.ts";
import { type Lane, stationsOf } from "./lane.ts";
import { PlainLoop } from "./plain-loop.ts";
import type { Station } from "./station.ts";

/** Moves requests; counts what became of them over the whole run, scored or not. */
export class RequestFlow {
  arrived = 0;
  served = 0;
  dropped = 0;
  /** Given back by lost machines. */
  retried = 0;
  /** Stations in use, to be asked when they are due. */
  stations: readonly Station[];
  readonly #parts: ClusterParts;
  readonly #fleet: Fleet;
  readonly #chance: { next(): number };
  readonly #limited: boolean;
  /** Share of the traffic on trial; 0 when there is no trial, 1 when all of it is. */
  #trialShare = 0;
  /** One kind of request, one station, nothing to decide about an arrival. */
  #plain = false;
  /** Null where there is more to do than the plain loop does. */
  #plainLoop: PlainLoop | null = null;
  /** Whether windows must be told of each arrival. */
  #watchesArrivals = false;

  constructor(parts: ClusterParts, fleet: Fleet, chance: { next(): number }) {
    this.#parts = parts;
    this.#fleet = fleet;
    this.#chance = chance;
    this.#limited = parts.plan.queueLimit !== Number.POSITIVE_INFINITY;
    this.stations = stationsOf([parts.lanes[0]]);
  }

  /**
   * Limits changed, or a trial began or ended.
   * @param trialShare share of the traffic on trial; 0 when there is no trial, 1 when all of it is
   */
  steer(trialShare: number): void {
    this.#trialShare = trialShare;
    const { lanes, plan, mix } = this.#parts;
    const split = trialShare > 0 && trialShare < 1;
    const { machines, functions } = lanes[0];
    const offloads = machines !== null && functions !== null && machines.patienceS < Number.POSITIVE_INFINITY;
    const throttles = machines === null && plan.function?.overflow === "drop";
    this.stations = stationsOf(split ? lanes : [lanes[0]]);
    this.#watchesArrivals = trialShare >= 1 || plan.telemetry?.arrivalTimes === true;
    this.#plain = !(mix.varied || offloads || split || this.#limited || throttles);
    const alone = this.stations.length === 1 && this.#parts.pools.length === 1 && mix.bufferCount === 1;
    const simple = this.#plain && alone && trialShare === 0 && plan.queueTimeoutS === Number.POSITIVE_INFINITY;
    this.#plainLoop = simple && machines instanceof CentralStation ? new PlainLoop(this.#parts, machines) : null;
  }

  /**
   * Takes arrivals up to the feed's limit, or to the first after which something may happen sooner.
   * @returns true when all were taken and nothing happens sooner
   */
  admit(feed: ArrivalFeed): boolean {
    return this.#plain ? this.#admitPlain(feed) : this.#admitAny(feed);
  }

  /** Lets the plain loop run up to the feed's limit where it can; false where the general one is needed. */
  runPlain(feed: ArrivalFeed): boolean {
    const loop = this.#plainLoop;
    if (loop === null) return false;
    const arrived = loop.run(feed);
    if (arrived < 0) return false;
    this.arrived += arrived;
    this.served += loop.served;
    if (this.#watchesArrivals) this.#watch(feed.block, feed.index - arrived, feed.index);
    return true;
  }

  /** Starts every batch that is due anywhere. */
  pump(): void {
    for (const station of this.stations) station.pump();
  }

  /** The service of a batch ends, unless its machine was lost meanwhile. */
  batchEnded(row: number): void {
    const { batches, service, events, station, hosts } = this.#parts;
    if (batches.sequence[row] !== events.poppedSequence) return;
    const host = batches.host[row] ?? 0;
    const lane = batches.lane[row] ?? 0;
    const machines = station(lane);
    this.#record(row, lane, false);
    if (machines.carryOn(row, host)) return;
    service.leave(row);
    machines.ended(row, host);
    batches.release(row);
    if (hosts.state[host] !== READY && hosts.busy[host] === 0) this.#fleet.life.idled(host);
    machines.pump();
  }

  /** A function call ends. */
  callEnded(row: number): void {
    const { batches, lanes } = this.#parts;
    const lane = batches.lane[row] ?? 0;
    this.#record(row, lane, true);
    lanes[lane === 1 ? 1 : 0].functions?.ended(row);
    batches.release(row);
    for (const { functions } of lanes) {
      functions?.refresh();
      functions?.pump();
    }
  }

  /** A request is turned away, given up or lost. */
  drop(arrivalS: number, lane: number): void {
    const { score, windows } = this.#parts;
    this.dropped += 1;
    score.drop(arrivalS, windows[0]);
    if (lane === 1 || this.#trialShare >= 1) windows[1].dropped += 1;
  }

  /** What was on a lost machine goes back to its queue, or is lost too. */
  lose(host: number): void {
    const { batches, hosts, service, station, plan } = this.#parts;
    const machines = station(hosts.lane[host] ?? 0);
    // Once a trial is over nobody asks the canary's queue any more.
    const queue = this.stations.includes(machines) ? machines : station(0);
    for (let row = 0; row < batches.rows; row++) {
      if (batches.host[row] !== host || (batches.sequence[row] ?? -1) < 0) continue;
      service.cut(row);
      service.leave(row);
      machines.forget(row, host);
      this.#giveBack(row, queue, plan.failures?.lostRequests === "drop");
    }
    machines.reclaim(host, (row) => this.#giveBack(row, queue, false));
  }

  /** Moves what waits in the canary's stations to the cluster's own. */
  mergeLanes(): void {
    const [own, canary] = this.#parts.lanes;
    this.#transfer(canary.machines, own.machines);
    this.#transfer(canary.functions, own.functions);
  }

  /** Calls `look` with the arrival time of every request that is neither served nor dropped. */
  forEachInSystem(look: (arrivalS: number) => void): void {
    const { lanes, batches } = this.#parts;
    for (const station of stationsOf(lanes)) {
      for (const queue of station.buffers) {
        for (let i = 0; i < queue.size; i++) look(queue.times[(queue.head + i) & queue.mask] ?? 0);
      }
    }
    for (let row = 0; row < batches.rows; row++) {
      for (let i = 0; i < (batches.count[row] ?? 0); i++) look(batches.times[row * batches.stride + i] ?? 0);
    }
  }

  #admitPlain(feed: ArrivalFeed): boolean {
    const station = this.stations[0];
    const queue = station?.buffers[0];
    if (station === undefined || queue === undefined) return true;
    const { block, count, index, limitS } = feed;
    const quiet = station.free <= 0;
    let end = count;
    if (!quiet) end = Math.min(count, index + (queue.size === 0 ? 1 : station.maxBatchSize - queue.size));
    let i = index;
    while (i < end && (block[i] ?? 0) <= limitS) {
      queue.push(block[i] ?? 0);
      i += 1;
    }
    feed.index = i;
    this.arrived += i - index;
    if (this.#watchesArrivals) this.#watch(block, index, i);
    if (quiet) return true;
    this.#parts.clock.timeS = block[i - 1] ?? 0;
    station.pump();
    return false;
  }

  #admitAny(feed: ArrivalFeed): boolean {
    const { clock, mix, events } = this.#parts;
    const { block, count } = feed;
    let limitS = feed.limitS;
    while (feed.index < count) {
      const { index } = feed;
      const timeS = block[index] ?? 0;
      if (timeS > limitS) return limitS === feed.limitS;
      clock.timeS = timeS;
      feed.index = index + 1;
      this.arrived += 1;
      if (mix.varied) mix.draw();
      const station = this.#route(block, index);
      if (station === null) continue;
      const queue = station.buffers[mix.buffer];
      if (queue === undefined) continue;
      if (mix.varied) queue.pushAttributed(timeS, mix.requestClass, mix.size);
      else queue.push(timeS);
      if (station.free <= 0) continue;
      station.pump();
      limitS = Math.min(limitS, station.dueS, events.timeS);
    }
    return limitS === feed.limitS;
  }

  #watch(block: Float64Array, from: number, to: number): void {
    const [whole, own] = this.#parts.windows;
    whole.arrivals(block, from, to);
    if (this.#trialShare >= 1) {
      own.arrived += to - from;
      own.arrivals(block, from, to);
    }
  }

  /** The station for a request, or null when it is turned away. */
  #route(block: Float64Array, index: number): Station | null {
    const { lanes, windows, mix, calls, clock } = this.#parts;
    const trialShare = this.#trialShare;
    let lane: Lane = lanes[0];
    if (this.#watchesArrivals) this.#watch(block, index, index + 1);
    if (trialShare > 0 && trialShare < 1 && this.#canaryOpen() && this.#chance.next() < trialShare) {
      windows[1].arrived += 1;
      windows[1].arrivals(block, index, index + 1);
      lane = lanes[1];
    }
    const { machines, functions } = lane;
    if (machines !== null) {
      const offload = functions !== null && mix.offloadable && machines.exceedsPatience;
      if (!offload)
        return this.#limited ? this.#unlessFull(machines, machines.waitingAtMachines, machines.lane) : machines;
    }
    if (functions === null) return null;
    if (functions.throttles) {
      calls.throttled += 1;
      this.drop(clock.timeS, functions.lane);
      return null;
    }
    return machines === null && this.#limited ? this.#unlessFull(functions, 0, functions.lane) : functions;
  }

  #canaryOpen(): boolean {
    const { machines } = this.#parts.lanes[1];
    return machines === null || machines.openMachines > 0;
  }

  /** The station, or null when its queue is full and the request would have to wait. */
  #unlessFull(station: Station, waitingElsewhere: number, lane: number): Station | null {
    const limit = this.#parts.plan.queueLimit;
    if (station.waiting + waitingElsewhere < limit) return station;
    station.expire();
    const waiting = station.waiting + waitingElsewhere;
    if (waiting < limit) return station;
    if (station.hasIdle && (station.maxDelayS === 0 || waiting + 1 >= station.maxBatchSize)) return station;
    this.drop(this.#parts.clock.timeS, lane);
    return null;
  }

  #record(row: number, lane: number, offloaded: boolean): void {
    const { batches, windows, score, clock, pools } = this.#parts;
    const count = batches.count[row] ?? 0;
    const offset = row * batches.stride;
    const serviceS = clock.timeS - (batches.startS[row] ?? 0);
    const aside = offloaded && pools.length > 0;
    this.served += count;
    score.serve(batches.times, batches.classes, offset, count, windows[0], aside);
    if (!aside) windows[0].batch(count, serviceS);
    if (lane === 0 && this.#trialShare < 1) return;
    score.watch(batches.times, batches.classes, offset, count, windows[1]);
    if (aside) windows[1].offloaded += count;
    else windows[1].batch(count, serviceS);
  }

  #giveBack(row: number, station: Station, drop: boolean): void {
    const { batches, mix } = this.#parts;
    const offset = row * batches.stride;
    for (let i = offset; i < offset + (batches.count[row] ?? 0); i++) {
      const arrivalS = batches.times[i] ?? 0;
      if (drop) {
        this.drop(arrivalS, batches.lane[row] ?? 0);
        continue;
      }
      this.retried += 1;
      const size = batches.sizes[i] ?? 1;
      station.buffers[mix.bufferOf(size)]?.giveBack(arrivalS, batches.classes[i] ?? 0, size);
    }
    batches.release(row);
  }

  #transfer(from: Station | null, to: Station | null): void {
    if (from === null) return;
    from.buffers.forEach((queue, index) => {
      while (queue.size > 0) {
        to?.buffers[index]?.giveBack(queue.headS, queue.classes[queue.head] ?? 0, queue.sizes[queue.head] ?? 1);
        queue.drop(1);
      }
    });
    from.dueS = Number.POSITIVE_INFINITY;
  }
}
