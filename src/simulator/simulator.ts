// The discrete-event simulator of a serving cluster: arrivals, stations of machines and functions, and time.
//
// next moment = least of (event, batch due, quarter second, end); arrivals before it are taken in bulk where
// nothing can happen in between. At equal times arrivals come first, then events, then due batches.

import type { ClusterState, Configuration, Random, Trial } from "../core/index.ts";
import { ArrivalFeed } from "./arrival-feed.ts";
import type { Clock } from "./clock.ts";
import { Cluster } from "./cluster.ts";
import { BATCH_END, CALL_END, eventOf, KNOB, kindOf, numberOf, SCORE_EDGE } from "./events.ts";
import type { SimulationPlan } from "./plan.ts";
import type { HourScore } from "./score.ts";
import type { SimulationTotals } from "./totals.ts";
import { TICK_S } from "./window-meter.ts";

/** A cluster under a workload, from time 0 on. The same plan and random give the same bytes. */
export class Simulator {
  readonly #cluster: Cluster;
  readonly #feed: ArrivalFeed;
  readonly #clock: Clock;
  #tickS = TICK_S;
  #ticks = 1;

  /** @throws {ConfigError} when the initial configuration cannot run */
  constructor(plan: SimulationPlan, random: Random) {
    this.#cluster = new Cluster(plan, random);
    this.#clock = this.#cluster.parts.clock;
    this.#feed = new ArrivalFeed(plan.workload.open(random.split("arrivals")));
    this.#expectScoreEdge();
  }

  /** Now. */
  get timeS(): number {
    return this.#clock.timeS;
  }

  /** Requests that have arrived and are neither served nor dropped. */
  get inSystem(): number {
    const { arrived, served, dropped } = this.#cluster.flow;
    return arrived - served - dropped;
  }

  /** Lets time pass; a moment that lies behind changes nothing. */
  run(untilS: number): void {
    const { flow, parts } = this.#cluster;
    const { events } = parts;
    const clock = this.#clock;
    const feed = this.#feed;
    for (;;) {
      feed.limitS = Math.min(this.#tickS, untilS);
      while (flow.runPlain(feed) && feed.index === feed.count && feed.count > 0) feed.refill();
      events.settle();
      const { stations } = flow;
      let dueS = stations[0]?.dueS ?? Number.POSITIVE_INFINITY;
      for (let i = 1; i < stations.length; i++) dueS = Math.min(dueS, stations[i]?.dueS ?? dueS);
      const nextS = Math.min(events.timeS, dueS, this.#tickS, untilS);
      if (feed.index < feed.count && (feed.block[feed.index] ?? 0) <= nextS) {
        feed.limitS = nextS;
        const quiet = flow.admit(feed);
        if (feed.index === feed.count) {
          feed.refill();
          continue;
        }
        if (!quiet) continue;
      }
      if (events.timeS <= nextS) {
        clock.timeS = events.timeS;
        const data = events.pop();
        if (kindOf(data) === BATCH_END) flow.batchEnded(numberOf(data));
        else this.#handle(kindOf(data), numberOf(data));
      } else if (dueS <= nextS) {
        clock.timeS = dueS;
        this.#pumpDue(dueS);
      } else if (this.#tickS <= nextS) {
        this.#tick(Math.min(events.timeS, dueS, untilS));
      } else {
        clock.timeS = Math.max(clock.timeS, untilS);
        return;
      }
    }
  }

  /** Accepts a configuration, or a trial of it; it comes into force knob by knob. @throws {ConfigError} */
  configure(configuration: Configuration, trial?: Trial): void {
    for (const momentS of this.#cluster.configure(configuration, trial)) {
      if (momentS > this.timeS) this.#cluster.parts.events.push(momentS, eventOf(KNOB, 0));
    }
  }

  /** What is known of the window since the last call. */
  observe(): Omit<ClusterState, "history" | "forecast" | "mask"> {
    return this.#cluster.observe();
  }

  /** Hours in which nothing can change any more. */
  hours(): readonly HourScore[] {
    return this.#cluster.hours();
  }

  /** What counted since scoring began. */
  totals(): SimulationTotals {
    return this.#cluster.totals();
  }

  #pumpDue(dueS: number): void {
    for (const station of this.#cluster.flow.stations) if (station.dueS <= dueS) station.pump();
  }

  #handle(kind: number, number: number): void {
    const { flow, fleet, parts } = this.#cluster;
    if (kind === CALL_END) flow.callEnded(number);
    else if (kind === KNOB) this.#cluster.settle();
    else if (kind === SCORE_EDGE) this.#expectScoreEdge();
    else {
      fleet.handle(kind, number, parts.events.poppedSequence);
      flow.pump();
    }
  }

  /** Quarter seconds end, one after another while nothing else happens before `limitS`. */
  #tick(limitS: number): void {
    const arrivalS = this.#feed.block[this.#feed.index] ?? 0;
    do {
      this.#clock.timeS = this.#tickS;
      this.#cluster.tick();
      this.#ticks += 1;
      this.#tickS = this.#ticks * TICK_S;
    } while (this.#tickS <= limitS && this.#tickS < arrivalS);
  }

  #expectScoreEdge(): void {
    const edgeS = this.#cluster.score();
    if (edgeS < Number.POSITIVE_INFINITY) this.#cluster.parts.events.push(edgeS, eventOf(SCORE_EDGE, 0));
  }
}
