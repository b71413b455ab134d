// Requests on their way: admitted to a station, served in batches, given back by lost machines, or dropped.

import type { ArrivalFeed } from "./arrival-feed.ts";
import type { ClusterParts } from "./cluster-parts.ts";
import type { Fleet } from "./fleet.ts";
import { READY } from "./hosts.ts";
import { type Lane, stationsOf } from "./lane.ts";
import type { Station } from "./station.ts";

/** How traffic is steered at present. */
export interface Steering {
  /** Offload threshold of the cluster and of the canary. */
  readonly thresholdS: readonly [number, number];
  /** Share of the traffic on trial; 0 when there is no trial, 1 when all of it is. */
  readonly trialShare: number;
}

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
  #steering: Steering = { thresholdS: [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY], trialShare: 0 };
  /** One kind of request, one station, nothing to decide about an arrival. */
  #plain = false;

  constructor(parts: ClusterParts, fleet: Fleet, chance: { next(): number }) {
    this.#parts = parts;
    this.#fleet = fleet;
    this.#chance = chance;
    this.#limited = parts.plan.queueLimit !== Number.POSITIVE_INFINITY;
    this.stations = stationsOf([parts.lanes[0]]);
  }

  /** From now on traffic goes this way. */
  steer(steering: Steering): void {
    this.#steering = steering;
    const { lanes, plan, mix } = this.#parts;
    const split = steering.trialShare > 0 && steering.trialShare < 1;
    const { machines, functions } = lanes[0];
    const offloads = machines !== null && functions !== null && steering.thresholdS[0] < Number.POSITIVE_INFINITY;
    const throttles = machines === null && plan.function?.overflow === "drop";
    this.stations = stationsOf(split ? lanes : [lanes[0]]);
    this.#plain = !(mix.varied || offloads || split || this.#limited || throttles);
  }

  /** Takes arrivals up to `limitS`, or to the first after which something may happen sooner. */
  admit(feed: ArrivalFeed, limitS: number): void {
    if (this.#plain) this.#admitPlain(feed, limitS);
    else this.#admitAny(feed, limitS);
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
    service.end(row);
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
  drop(arrivalS: number): void {
    this.dropped += 1;
    this.#parts.score.drop(arrivalS, this.#parts.windows[0]);
  }

  /** What was on a lost machine goes back to its queue, or is lost too. */
  lose(host: number): void {
    const { batches, hosts, service, station, plan } = this.#parts;
    const machines = station(hosts.lane[host] ?? 0);
    for (let row = 0; row < batches.rows; row++) {
      if (batches.host[row] !== host || (batches.sequence[row] ?? -1) < 0) continue;
      service.end(row);
      service.leave(row);
      machines.forget(row, host);
      this.#giveBack(row, machines, plan.failures?.lostRequests === "drop");
    }
    machines.reclaim(host, (row) => this.#giveBack(row, machines, false));
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

  #admitPlain(feed: ArrivalFeed, limitS: number): void {
    const { clock, windows } = this.#parts;
    const station = this.stations[0];
    const queue = station?.buffers[0];
    if (station === undefined || queue === undefined) return;
    const { block, count, index } = feed;
    let i = index;
    if (station.free > 0) {
      const room = index + (queue.size === 0 ? 1 : station.maxBatchSize - queue.size);
      const end = Math.min(room, count);
      let timeS = clock.timeS;
      while (i < end && (block[i] ?? 0) <= limitS) {
        timeS = block[i] ?? 0;
        queue.push(timeS);
        i += 1;
      }
      clock.timeS = timeS;
      station.pump();
    } else {
      while (i < count && (block[i] ?? 0) <= limitS) {
        queue.push(block[i] ?? 0);
        i += 1;
      }
    }
    feed.index = i;
    this.arrived += i - index;
    windows[0].arrivals(block, index, i);
    if (this.#steering.trialShare > 0) windows[1].arrivals(block, index, i);
  }

  #admitAny(feed: ArrivalFeed, limitS: number): void {
    const { clock, windows, mix } = this.#parts;
    const { block, count } = feed;
    while (feed.index < count) {
      const { index } = feed;
      const timeS = block[index] ?? 0;
      if (timeS > limitS) return;
      clock.timeS = timeS;
      feed.index = index + 1;
      this.arrived += 1;
      windows[0].arrivals(block, index, index + 1);
      if (mix.varied) mix.draw();
      const station = this.#route(feed, index);
      if (station === null) continue;
      const queue = station.buffers[mix.buffer];
      if (queue === undefined) continue;
      if (mix.varied) queue.pushAttributed(timeS, mix.requestClass, mix.size);
      else queue.push(timeS);
      if (station.free > 0) {
        station.pump();
        return;
      }
    }
  }

  /** The station for a request, or null when it is turned away. */
  #route(feed: ArrivalFeed, index: number): Station | null {
    const { lanes, windows, mix, calls, clock } = this.#parts;
    const { trialShare, thresholdS } = this.#steering;
    let lane: Lane = lanes[0];
    let threshold = thresholdS[0];
    if (trialShare > 0 && (trialShare >= 1 || (this.#canaryOpen() && this.#chance.next() < trialShare))) {
      windows[1].arrivals(feed.block, index, index + 1);
      if (trialShare < 1) {
        lane = lanes[1];
        threshold = thresholdS[1];
      }
    }
    const { machines, functions } = lane;
    if (machines !== null) {
      const offload =
        functions !== null &&
        mix.offloadable &&
        threshold < Number.POSITIVE_INFINITY &&
        machines.predictedWaitS() > threshold;
      if (!offload) return this.#limited ? this.#unlessFull(machines, machines.waitingAtMachines) : machines;
    }
    if (functions === null) return null;
    if (functions.throttles) {
      calls.throttled += 1;
      this.drop(clock.timeS);
      return null;
    }
    return machines === null && this.#limited ? this.#unlessFull(functions, 0) : functions;
  }

  #canaryOpen(): boolean {
    const { machines } = this.#parts.lanes[1];
    return machines === null || machines.openMachines > 0;
  }

  /** The station, or null when its queue is full and the request would have to wait. */
  #unlessFull(station: Station, waitingElsewhere: number): Station | null {
    station.expire();
    const waiting = station.waiting + waitingElsewhere;
    const atOnce = station.free > 0 && (station.maxDelayS === 0 || waiting + 1 >= station.maxBatchSize);
    if (waiting < this.#parts.plan.queueLimit || atOnce) return station;
    this.drop(this.#parts.clock.timeS);
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
    if (lane === 0 && this.#steering.trialShare < 1) return;
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
        this.drop(arrivalS);
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
