// The points of the fleet's lattice that a night looks at: replayed as a fluid by what acts there, and ranked.
//
// usd(point) = fluid · e^(mean residual of its region), those that miss fewest hours first (fleet-lattice.ts)
// what acts in a fold is learnt from the others (fleet-folds.ts); a fixed count is the best that holds the SLO, or the one
// the fleet was set up with where that costs hardly more
// Source: fleet-switching.md, GUARD.

import type { AgentContext, Random } from "../src/core/index.ts";
import { numberAt } from "../src/optimizers/fleet.ts";
import {
  bestFixedCount,
  type Calendars,
  type CallBehaviour,
  type Choice,
  type CountBy,
  calendarsOf,
  callsPerS,
  fixedCountUsd,
  type IterationSettings,
  type LearntRules,
  launchSlotsOf,
  learnKind,
  Past,
  type RecordedLoad,
  type ReplayResult,
  replayFluid,
} from "../src/switching/index.ts";
import { type Fold, foldsOf } from "./fleet-folds.ts";
import { finiteValues, type KindOfMachine } from "./fleet-kinds.ts";
import { FleetLattice, type FleetPoint, type SeenResidual, samePoint } from "./fleet-lattice.ts";

/** Least gain worth a change. */
export const LEAST_GAIN = 0.005;

/** What is replayed. */
export interface ReplayTask {
  readonly context: AgentContext;
  readonly kinds: readonly KindOfMachine[];
  readonly calls: CallBehaviour;
  readonly load: RecordedLoad;
  /** Slots between decisions. */
  readonly decideEvery: number;
  readonly random: Random;
  readonly settings: IterationSettings;
}

/** A point and its replays. */
export interface ReplayedPoint {
  readonly point: FleetPoint;
  readonly kind: KindOfMachine;
  /** What acts in each fold. */
  readonly choices: readonly Choice[];
  /** Over all folds. */
  readonly fluid: ReplayResult;
  /** Whether it held the SLOs where it was simulated; null where it was not. */
  held: boolean | null;
}

/** What acts at a point, by its rule. */
function choiceAt(point: FleetPoint, by: CountBy): Choice {
  const { kind, waitMs, reserve, spotShare } = point;
  return { ...by, kind, waitS: waitMs / 1000, reserve, spotShare };
}

function added(results: readonly ReplayResult[]): ReplayResult {
  return {
    usd: results.reduce((sum, { usd }) => sum + usd, 0),
    usdByHour: results.flatMap(({ usdByHour }) => usdByHour),
    hoursMissed: results.reduce((sum, { hoursMissed }) => sum + hoursMissed, 0),
  };
}

/** Points and their replays. */
export class FleetReplays {
  readonly #task: ReplayTask;
  readonly #entries: ReplayedPoint[] = [];
  readonly #learnt = new Map<string, LearntRules>();
  readonly past: Past;
  readonly folds: readonly Fold[];
  readonly lattice: FleetLattice;

  constructor(task: ReplayTask, seen: readonly SeenResidual[]) {
    this.#task = task;
    this.past = new Past(task.load, task.calls, task.decideEvery);
    this.folds = foldsOf(task.load);
    const mostRps = task.load.counts.reduce((most, count) => Math.max(most, count), 0);
    this.lattice = new FleetLattice(
      task.kinds,
      finiteValues(task.context, "offloadThresholdMs"),
      mostRps > callsPerS(task.calls),
    );
    this.lattice.fit(seen);
  }

  /** Replays a point once; null where the lattice has none such. */
  enter(wanted: FleetPoint): ReplayedPoint | null {
    const point = this.lattice.point(wanted);
    const kind = this.#task.kinds.find(({ name }) => name === point?.kind);
    if (point === null || kind === undefined) return null;
    const known = this.#entries.find((entry) => samePoint(entry.point, point));
    if (known !== undefined) return known;
    const choices = this.folds.flatMap(({ learntFrom, label }) => {
      const by = this.#countBy(point, kind, learntFrom, label);
      return by === null ? [] : [choiceAt(point, by)];
    });
    if (choices.length < this.folds.length) return null;
    const chance = this.#task.random.split("losses");
    const fluid = added(
      this.folds.flatMap(({ held }, fold) => {
        const choice = choices[fold];
        return choice === undefined ? [] : [this.past.replay(choice, kind, held, chance)];
      }),
    );
    const entry = { point, kind, choices, fluid, held: null };
    this.#entries.push(entry);
    return entry;
  }

  /** What a point is expected to cost over the replayed part. */
  expectedUsd({ point, fluid }: ReplayedPoint): number {
    return fluid.usd * Math.exp(this.lattice.residual(point));
  }

  /** Points by expected cost, those that miss fewest hours first. */
  ranked(): ReplayedPoint[] {
    const missed = (entry: ReplayedPoint): number => entry.fluid.hoursMissed + (entry.held === false ? 1 : 0);
    return [...this.#entries].sort((a, b) => missed(a) - missed(b) || this.expectedUsd(a) - this.expectedUsd(b));
  }

  /** What acts at a point from now on, learnt from the whole past; as in the first fold where it cannot be. */
  refit({ point, kind, choices }: ReplayedPoint): Choice | undefined {
    const by = this.#countBy(point, kind, this.#task.load, "refit");
    return by === null ? choices[0] : choiceAt(point, by);
  }

  /** The rule of a point, learnt from a load; null for a calendar of too few days. */
  #countBy(point: FleetPoint, kind: KindOfMachine, load: RecordedLoad, label: string): CountBy | null {
    if (point.rule === "mixed") return { rule: "mixed", holdS: point.holdS };
    if (point.rule === "static") return { rule: "static", count: this.#fixedCount(kind, load) };
    const learnt = this.#learn(kind, point.rule === "calendar", load, label);
    return learnt === null ? null : { rule: "learnt", margin: point.margin, ...learnt };
  }

  /** The best fixed count that holds the SLO, or the one the fleet was set up with where that costs hardly more. */
  #fixedCount(kind: KindOfMachine, load: RecordedLoad): number {
    const { calls, context, random } = this.#task;
    const misses = (count: number): boolean =>
      replayFluid(load, kind, calls, () => count, { first: count, chance: random.split("losses") }).hoursMissed > 0;
    let best = bestFixedCount(load, kind, calls, kind.most);
    while (best < kind.most && misses(best)) best += 1;
    const given = Math.min(kind.most, numberAt(context.initial, kind.knob, 0));
    const usd = (count: number): number => fixedCountUsd(load, kind, calls, count);
    return usd(best) > (1 - LEAST_GAIN) * usd(given) && !misses(given) ? given : best;
  }

  #learn(kind: KindOfMachine, calendar: boolean, load: RecordedLoad, label: string): LearntRules | null {
    const { random, calls, decideEvery, settings } = this.#task;
    const key = `${label} ${kind.name}${calendar ? " with calendar" : ""}`;
    const known = this.#learnt.get(key);
    if (known !== undefined) return known;
    const calendars: Calendars | null = calendar ? calendarsOf(load, launchSlotsOf(kind)) : null;
    if (calendar && calendars === null) return null;
    const learnt = learnKind(load, kind, calendars, random.split(key), { calls, decideEvery, settings });
    this.#learnt.set(key, learnt);
    return learnt;
  }
}
