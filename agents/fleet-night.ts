// A fleet's night: learn from the first part of its past, replay the rest, and stand where it costs least, if that is clear.
//
// 1  kinds     mixed and the best fixed count of every kind, as a fluid; rules are learnt for the two cheapest kinds at most
// 2  rules     fit on the first 70 %, with and without a calendar; every point of the lattice at the longest wait, as a fluid
//              of a past under three days each third is replayed by rules fit on the other two
//              where functions are limited, with the least reserve at which one of a kind passes
// 3  variants  of the three cheapest that pass: a shorter wait, less on spot
// 4  simulate  the two cheapest, where the fleet stands and plain mixed, on six stretches; residuals teach the regions
// 5  move      to the cheapest that passes when it gains more than .5 % (2 % of a past under three days) and two standard
//              errors, by hours; else stay, before the first night on the best fixed count
// 6  fit       rules again, on everything
// Source: fleet-switching.md, GUARD; design section 7.1 (the fleet, level 3).

import { variance } from "../src/math/index.ts";
import type { Choice } from "../src/switching/index.ts";
import { isShort, stretchesOf } from "./fleet-folds.ts";
import type { KindOfMachine } from "./fleet-kinds.ts";
import { type FleetPoint, RULES, type RuleName, type SeenResidual } from "./fleet-lattice.ts";
import { FleetReplays, LEAST_GAIN, type ReplayedPoint, type ReplayTask } from "./fleet-replays.ts";
import { simulateChoice } from "./fleet-simulation.ts";

/** Kinds that rules are learnt for; each costs a night's training. */
const MOST_KINDS = 2;
/** A kind is not learnt for where mixed and a fixed count cost this many times what they do on the cheapest. */
const DEAR = 1.4;
/** Cheapest points whose variants are looked at, and that are simulated. */
const REFINED = 3;
const SIMULATED = 2;
/** Least gain worth a change after a short past, of which a gain in the replay was a loss of 1 % the next day (ADR 26). */
const SHORT_GAIN = 0.02;
/** Standard errors that a gain must exceed. */
const CLEAR = 2;

/** What a night works on. */
export interface NightTask extends ReplayTask {
  readonly calendar: boolean;
  /** Where the fleet stands; null before the first night, when it is taken to stand on the best fixed count. */
  readonly stands: FleetPoint | null;
  readonly seen: readonly SeenResidual[];
}

/** What a night came to. */
export interface Night {
  readonly point: FleetPoint;
  readonly choice: Choice;
  /** Why the fleet moved, or stayed. */
  readonly why: string;
  readonly seen: readonly SeenResidual[];
}

class NightWork {
  readonly #task: NightTask;
  readonly #replays: FleetReplays;
  #seen: readonly SeenResidual[];

  constructor(task: NightTask) {
    this.#task = task;
    this.#replays = new FleetReplays(task, task.seen);
    this.#seen = task.seen;
  }

  run(): Night {
    const kinds = this.#cheapestKinds();
    for (const kind of kinds) this.#enterAll(kind);
    for (const { point } of this.#replays.ranked().slice(0, REFINED)) {
      for (const variant of this.#replays.lattice.variants(point)) this.#replays.enter(variant);
    }
    const { stands } = this.#task;
    const cheapest = (rule: RuleName): ReplayedPoint | null =>
      this.#replays.ranked().find(({ point }) => point.rule === rule) ?? null;
    const here = stands === null ? cheapest("static") : this.#replays.enter(stands);
    const mixed = cheapest("mixed");
    for (const entry of [stands === null ? null : here, mixed]) if (entry !== null) this.#simulate(entry);
    for (let round = 0; round < 2; round++) {
      for (const entry of this.#replays.ranked().slice(0, SIMULATED)) this.#simulate(entry);
    }
    return this.#settle(here);
  }

  /** Every rule on a kind; those that follow the load with more and more in reserve, until one of them passes. */
  #enterAll(kind: KindOfMachine): void {
    const rules = RULES.filter((rule) => rule !== "calendar" || this.#task.calendar);
    for (const reserve of this.#replays.lattice.reserves) {
      const entered = rules
        .filter((rule) => reserve === 0 || rule !== "static")
        .flatMap((rule) => this.#replays.lattice.points(kind, rule, 1000 * kind.waitS, reserve))
        .map((point) => this.#replays.enter(point));
      if (entered.some((entry) => entry !== null && entry.point.rule !== "static" && entry.fluid.hoursMissed === 0))
        return;
    }
  }

  /** The kinds that mixed or a fixed count run cheapest, dear ones left out. */
  #cheapestKinds(): KindOfMachine[] {
    const priced = this.#task.kinds.map((kind) => {
      const points = [
        ...this.#replays.lattice.points(kind, "mixed", 1000 * kind.waitS).slice(0, 1),
        ...this.#replays.lattice.points(kind, "static", 1000 * kind.waitS),
      ];
      return {
        kind,
        usd: Math.min(...points.map((point) => this.#replays.enter(point)?.fluid.usd ?? Number.POSITIVE_INFINITY)),
      };
    });
    priced.sort((a, b) => a.usd - b.usd);
    const most = DEAR * (priced[0]?.usd ?? 0);
    return priced
      .filter(({ usd }) => usd <= most)
      .slice(0, MOST_KINDS)
      .map(({ kind }) => kind);
  }

  /** Simulates a point on the stretches, once, and learns how far the fluid was off. */
  #simulate(entry: ReplayedPoint): void {
    if (entry.held !== null) return;
    const { context, random } = this.#task;
    let simulatedUsd = 0;
    let fluidUsd = 0;
    for (const [i, { stretch, fold }] of stretchesOf(this.#replays.folds, this.#task.load).entries()) {
      const choice = entry.choices[fold];
      if (choice === undefined) continue;
      const simulated = simulateChoice(
        context,
        entry.kind,
        choice,
        this.#replays.past,
        stretch,
        random.split(`stretch ${i}`),
      );
      if (simulated?.held !== true) {
        entry.held = false;
        return;
      }
      simulatedUsd += simulated.usd;
      fluidUsd += this.#replays.past.replay(choice, entry.kind, stretch, random.split(`losses ${i}`)).usd;
    }
    entry.held = true;
    if (!(simulatedUsd > 0 && fluidUsd > 0)) return;
    this.#seen = [...this.#seen, { point: entry.point, value: Math.log(simulatedUsd / fluidUsd), weight: 1 }];
    this.#replays.lattice.fit(this.#seen);
  }

  /** Moves where the gain is clear. @param stood where the fleet stood; null for a point that is no more */
  #settle(stood: ReplayedPoint | null): Night {
    const [best] = this.#replays.ranked();
    if (best === undefined) throw new RangeError("night: expected a point of the lattice, found none");
    const chosen = stood === null || this.#clearly(best, stood) ? best : stood;
    const gain = stood === null ? 0 : 1 - this.#replays.expectedUsd(best) / this.#replays.expectedUsd(stood);
    const percent = `${(100 * gain).toFixed(1)} %`;
    const why =
      chosen !== stood
        ? `gains ${percent}`
        : best === stood
          ? "nothing is cheaper"
          : `a gain of ${percent} is not clear`;
    const choice = this.#replays.refit(chosen);
    if (choice === undefined) throw new RangeError("night: expected a past to learn from, found none");
    return { point: chosen.point, choice, why, seen: this.#seen };
  }

  /** Whether a point is worth leaving another for. */
  #clearly(best: ReplayedPoint, stood: ReplayedPoint): boolean {
    if (best === stood) return false;
    const fails = (entry: ReplayedPoint): boolean => entry.fluid.hoursMissed > 0 || entry.held === false;
    if (fails(stood)) return true;
    const gain = 1 - this.#replays.expectedUsd(best) / this.#replays.expectedUsd(stood);
    const saved = stood.fluid.usdByHour.map((usd, hour) => usd - (best.fluid.usdByHour[hour] ?? 0));
    const error = Math.sqrt(variance(saved) * saved.length) / stood.fluid.usd;
    const least = isShort(this.#task.load) ? SHORT_GAIN : LEAST_GAIN;
    return gain > Math.max(least, CLEAR * error);
  }
}

/** @throws {RangeError} when there is no kind of machine */
export function workOvernight(task: NightTask): Night {
  if (task.kinds.length === 0) throw new RangeError("night: expected at least one kind of machine, found none");
  return new NightWork(task).run();
}
