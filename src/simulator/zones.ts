// Zones machines are spread over: each fails as a whole, and takes no launches until it is repaired.

import type { Random } from "../core/index.ts";
import { drawDurationS } from "../math/index.ts";
import type { Clock } from "./clock.ts";
import { drawWaitS } from "./durations.ts";
import type { EventQueue } from "./event-queue.ts";
import { eventOf, ZONE_DOWN, ZONE_UP } from "./events.ts";
import type { Hosts } from "./hosts.ts";
import type { FailurePlan } from "./plan.ts";

/** Which zones are up, and when that changes. */
export class Zones {
  readonly #plan: FailurePlan["zones"];
  readonly #clock: Clock;
  readonly #events: EventQueue;
  readonly #random: Random;
  readonly #up: boolean[];

  constructor(plan: FailurePlan["zones"], clock: Clock, events: EventQueue, random: Random) {
    this.#plan = plan;
    this.#clock = clock;
    this.#events = events;
    this.#random = random;
    this.#up = new Array<boolean>(Math.max(1, plan.count)).fill(true);
    for (let zone = 0; zone < this.#up.length; zone++) this.#expectOutage(zone);
  }

  /** The zone that is up with the fewest machines; -1 when all are down. */
  emptiest(hosts: Hosts): number {
    const machines = this.#up.map((_, zone) => hosts.select((host) => hosts.zone[host] === zone).length);
    let best = -1;
    this.#up.forEach((up, zone) => {
      if (up && (best < 0 || (machines[zone] ?? 0) < (machines[best] ?? 0))) best = zone;
    });
    return best;
  }

  /** An outage begins. */
  fail(zone: number): void {
    this.#up[zone] = false;
    this.#events.push(this.#clock.timeS + drawDurationS(this.#plan.outageS, this.#random), eventOf(ZONE_UP, zone));
  }

  /** An outage ends. */
  repair(zone: number): void {
    this.#up[zone] = true;
    this.#expectOutage(zone);
  }

  #expectOutage(zone: number): void {
    const downS = this.#clock.timeS + drawWaitS(this.#plan.outagesPerHour, this.#random);
    if (downS < Number.POSITIVE_INFINITY) this.#events.push(downS, eventOf(ZONE_DOWN, zone));
  }
}
