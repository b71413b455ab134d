// The discrete-event simulator of a serving cluster: arrivals, stations of machines and functions, and time.
//
// next moment = least of (event, batch due, quarter second, end); arrivals before it are taken in bulk where
// nothing can happen in between. At equal times events come first, then due batches, then arrivals.

import type { ClusterState, Configuration, Random, Trial } from "../core/index.ts";
import { ArrivalFeed } from "./arrival-feed.ts";
import { Cluster } from "./cluster.ts";
import { BATCH_END, CALL_END, eventOf, KNOB, kindOf, numberOf, SCORE_EDGE } from "./events.ts";
import type { SimulationPlan } from "./plan.ts";
import type { SimulationTotals } from "./totals.ts";
import { TICK_S } from "./window-meter.ts";

/** A cluster under a workload, from time 0 on. The same plan and random give the same bytes. */
export class Simulator {
  readonly #cluster: Cluster;
  readonly #feed: ArrivalFeed;
  #timeS = 0;
  #tickS = TICK_S;
  #ticks = 1;
  #arrivedAtTick = 0;

  /** @throws {ConfigError} when the initial configuration cannot run */
  constructor(plan: SimulationPlan, random: Random) {
    this.#cluster = new Cluster(plan, random);
    this.#feed = new ArrivalFeed(plan.workload.open(random.split("arrivals")));
    this.#expectScoreEdge();
  }

  /** Now. */
  get timeS(): number {
    return this.#timeS;
  }

  /** Lets time pass; a moment that lies behind changes nothing. */
  run(untilS: number): void {
    const { events, stations } = this.#cluster;
    const feed = this.#feed;
    for (;;) {
      let dueS = Number.POSITIVE_INFINITY;
      for (let i = 0; i < stations.length; i++) dueS = Math.min(dueS, stations[i]?.dueS ?? dueS);
      const nextS = Math.min(events.timeS, dueS, this.#tickS, untilS);
      if (feed.nextS < nextS) {
        this.#cluster.admit(feed, nextS);
        if (feed.index === feed.count) feed.refill();
        continue;
      }
      if (events.timeS <= nextS) {
        this.#timeS = events.timeS;
        this.#handle(events.pop(), events.poppedSequence);
      } else if (dueS <= nextS) {
        this.#timeS = dueS;
        for (let i = 0; i < stations.length; i++) {
          const station = stations[i];
          if (station !== undefined && station.dueS <= dueS) station.pump(dueS);
        }
      } else if (this.#tickS <= nextS) {
        this.#tick();
      } else {
        this.#timeS = Math.max(this.#timeS, untilS);
        return;
      }
    }
  }

  /** Accepts a configuration, or a trial of it; it comes into force knob by knob. @throws {ConfigError} */
  configure(configuration: Configuration, trial?: Trial): void {
    for (const momentS of this.#cluster.configure(configuration, trial, this.#timeS)) {
      if (momentS > this.#timeS) this.#cluster.events.push(momentS, eventOf(KNOB, 0));
    }
  }

  /** What is known of the window since the last call. */
  observe(): Omit<ClusterState, "history" | "forecast" | "mask"> {
    return this.#cluster.observe(this.#timeS);
  }

  /** What counted since scoring began. */
  totals(): SimulationTotals {
    return this.#cluster.totals(this.#timeS);
  }

  #handle(data: number, sequence: number): void {
    const cluster = this.#cluster;
    const kind = kindOf(data);
    if (kind === BATCH_END) cluster.batchEnded(numberOf(data), sequence, this.#timeS);
    else if (kind === CALL_END) cluster.callEnded(numberOf(data), this.#timeS);
    else if (kind === KNOB) cluster.settle(this.#timeS);
    else if (kind === SCORE_EDGE) this.#expectScoreEdge();
    else cluster.fleetEvent(kind, numberOf(data), sequence, this.#timeS);
  }

  #tick(): void {
    this.#timeS = this.#tickS;
    this.#cluster.tick(this.#cluster.arrived - this.#arrivedAtTick);
    this.#arrivedAtTick = this.#cluster.arrived;
    this.#ticks += 1;
    this.#tickS = this.#ticks * TICK_S;
  }

  #expectScoreEdge(): void {
    const edgeS = this.#cluster.score(this.#timeS);
    if (edgeS < Number.POSITIVE_INFINITY) this.#cluster.events.push(edgeS, eventOf(SCORE_EDGE, 0));
  }
}
