// A fleet's night: learn from the first part of its past, replay the rest, and stand where it costs least, if that is clear.
//
// 1  kinds     mixed and the best fixed count of every kind, as a fluid; rules are learnt for the two cheapest kinds at most
// 2  rules     fit on the first 70 %, with and without a calendar; every point of the lattice at the longest wait, as a fluid
//              of a past under three days each third is replayed by rules fit on the other two
//              where functions are limited, with the least reserve at which one of a kind passes
// 3  variants  of the three cheapest that pass: a shorter wait, less on spot
// 4  simulate  the two cheapest, where the fleet stands and plain mixed, on six stretches; residuals teach the regions
// 5  move      to the cheapest that passes when it gains more than .5 % and two standard errors, by hours; else stay,
//              before the first night on the best fixed count
// 6  fit       rules again, on everything
// Source: fleet-switching.md, GUARD; design section 7.1 (the fleet, level 3).

import type { AgentContext, Random } from "../src/core/index.ts";
import { variance } from "../src/math/index.ts";
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
import { type Fold, foldsOf, stretchesOf } from "./fleet-folds.ts";
import type { KindOfMachine } from "./fleet-kinds.ts";
import { FleetLattice, type FleetPoint, RULES, type RuleName, type SeenResidual, samePoint } from "./fleet-lattice.ts";
import { simulateChoice } from "./fleet-simulation.ts";

/** Kinds that rules are learnt for; each costs a night's training. */
const MOST_KINDS = 2;
/** A kind is not learnt for where mixed and a fixed count cost this many times what they do on the cheapest. */
const DEAR = 1.4;
/** Cheapest points whose variants are looked at, and that are simulated. */
const REFINED = 3;
const SIMULATED = 2;
/** Least gain worth a change, and standard errors that it must exceed. */
const LEAST_GAIN = 0.005;
const CLEAR = 2;

/** What a night works on. */
export interface NightTask {
  readonly context: AgentContext;
  readonly kinds: readonly KindOfMachine[];
  readonly calls: CallBehaviour;
  readonly load: RecordedLoad;
  /** Slots between decisions. */
  readonly decideEvery: number;
  readonly random: Random;
  readonly settings: IterationSettings;
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

/** One point's replays. */
interface Entry {
  readonly point: FleetPoint;
  readonly kind: KindOfMachine;
  /** What acts in each fold. */
  readonly choices: readonly Choice[];
  /** Over all folds. */
  readonly fluid: ReplayResult;
  /** Whether it held the SLOs where it was simulated; null where it was not. */
  held: boolean | null;
}

/** Offload thresholds of a lattice that are finite. */
function waitsOf({ space }: AgentContext): number[] {
  const values = space.knobs.find(({ name }) => name === "offloadThresholdMs")?.values ?? [];
  return values
    .flatMap((value) => (typeof value === "number" && Number.isFinite(value) ? [value] : []))
    .sort((a, b) => a - b);
}

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

class NightWork {
  readonly #task: NightTask;
  readonly #past: Past;
  readonly #folds: readonly Fold[];
  readonly #lattice: FleetLattice;
  readonly #entries: Entry[] = [];
  readonly #learnt = new Map<string, LearntRules>();
  #seen: readonly SeenResidual[];

  constructor(task: NightTask) {
    this.#task = task;
    this.#past = new Past(task.load, task.calls, task.decideEvery);
    this.#folds = foldsOf(task.load);
    const mostRps = task.load.counts.reduce((most, count) => Math.max(most, count), 0);
    this.#lattice = new FleetLattice(task.kinds, waitsOf(task.context), mostRps > callsPerS(task.calls));
    this.#seen = task.seen;
    this.#lattice.fit(this.#seen);
  }

  run(): Night {
    const kinds = this.#cheapestKinds();
    for (const kind of kinds) this.#enterAll(kind);
    for (const { point } of this.#ranked().slice(0, REFINED)) {
      for (const variant of this.#lattice.variants(point)) this.#enter(variant);
    }
    const { stands } = this.#task;
    const cheapest = (rule: RuleName): Entry | null => this.#ranked().find(({ point }) => point.rule === rule) ?? null;
    const here = stands === null ? cheapest("static") : this.#enter(stands);
    const mixed = cheapest("mixed");
    for (const entry of [stands === null ? null : here, mixed]) if (entry !== null) this.#simulate(entry);
    for (let round = 0; round < 2; round++) {
      for (const entry of this.#ranked().slice(0, SIMULATED)) this.#simulate(entry);
    }
    return this.#settle(here);
  }

  /** Every rule on a kind; those that follow the load with more and more in reserve, until one of them passes. */
  #enterAll(kind: KindOfMachine): void {
    const rules = RULES.filter((rule) => rule !== "calendar" || this.#task.calendar);
    for (const reserve of this.#lattice.reserves) {
      const entered = rules
        .filter((rule) => reserve === 0 || rule !== "static")
        .flatMap((rule) => this.#lattice.points(kind, rule, 1000 * kind.waitS, reserve))
        .map((point) => this.#enter(point));
      if (entered.some((entry) => entry !== null && entry.point.rule !== "static" && entry.fluid.hoursMissed === 0))
        return;
    }
  }

  /** The kinds that mixed or a fixed count run cheapest, dear ones left out. */
  #cheapestKinds(): KindOfMachine[] {
    const priced = this.#task.kinds.map((kind) => {
      const points = [
        ...this.#lattice.points(kind, "mixed", 1000 * kind.waitS).slice(0, 1),
        ...this.#lattice.points(kind, "static", 1000 * kind.waitS),
      ];
      return {
        kind,
        usd: Math.min(...points.map((point) => this.#enter(point)?.fluid.usd ?? Number.POSITIVE_INFINITY)),
      };
    });
    priced.sort((a, b) => a.usd - b.usd);
    const most = DEAR * (priced[0]?.usd ?? 0);
    return priced
      .filter(({ usd }) => usd <= most)
      .slice(0, MOST_KINDS)
      .map(({ kind }) => kind);
  }

  /** Replays a point once; null where the lattice has none such. */
  #enter(wanted: FleetPoint): Entry | null {
    const point = this.#lattice.point(wanted);
    const kind = this.#task.kinds.find(({ name }) => name === point?.kind);
    if (point === null || kind === undefined) return null;
    const known = this.#entries.find((entry) => samePoint(entry.point, point));
    if (known !== undefined) return known;
    const choices = this.#folds.flatMap(({ learntFrom, label }) => {
      const by = this.#countBy(point, kind, learntFrom, label);
      return by === null ? [] : [choiceAt(point, by)];
    });
    if (choices.length < this.#folds.length) return null;
    const chance = this.#task.random.split("losses");
    const fluid = added(
      this.#folds.flatMap(({ held }, fold) => {
        const choice = choices[fold];
        return choice === undefined ? [] : [this.#past.replay(choice, kind, held, chance)];
      }),
    );
    const entry = { point, kind, choices, fluid, held: null };
    this.#entries.push(entry);
    return entry;
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

  /** What a point is expected to cost over the replayed part. */
  #expectedUsd({ point, fluid }: Entry): number {
    return fluid.usd * Math.exp(this.#lattice.residual(point));
  }

  /** Points by expected cost, those that miss fewest hours first. */
  #ranked(): Entry[] {
    const missed = (entry: Entry): number => entry.fluid.hoursMissed + (entry.held === false ? 1 : 0);
    return [...this.#entries].sort((a, b) => missed(a) - missed(b) || this.#expectedUsd(a) - this.#expectedUsd(b));
  }

  /** Simulates a point on the stretches, once, and learns how far the fluid was off. */
  #simulate(entry: Entry): void {
    if (entry.held !== null) return;
    const { context, random } = this.#task;
    let simulatedUsd = 0;
    let fluidUsd = 0;
    for (const [i, { stretch, fold }] of stretchesOf(this.#folds, this.#task.load).entries()) {
      const choice = entry.choices[fold];
      if (choice === undefined) continue;
      const simulated = simulateChoice(context, entry.kind, choice, this.#past, stretch, random.split(`stretch ${i}`));
      if (simulated?.held !== true) {
        entry.held = false;
        return;
      }
      simulatedUsd += simulated.usd;
      fluidUsd += this.#past.replay(choice, entry.kind, stretch, random.split(`losses ${i}`)).usd;
    }
    entry.held = true;
    if (!(simulatedUsd > 0 && fluidUsd > 0)) return;
    this.#seen = [...this.#seen, { point: entry.point, value: Math.log(simulatedUsd / fluidUsd), weight: 1 }];
    this.#lattice.fit(this.#seen);
  }

  /** Moves where the gain is clear. @param stood where the fleet stood; null for a point that is no more */
  #settle(stood: Entry | null): Night {
    const [best] = this.#ranked();
    if (best === undefined) throw new RangeError("night: expected a point of the lattice, found none");
    const chosen = stood === null || this.#clearly(best, stood) ? best : stood;
    const gain = stood === null ? 0 : 1 - this.#expectedUsd(best) / this.#expectedUsd(stood);
    const percent = `${(100 * gain).toFixed(1)} %`;
    const why =
      chosen !== stood
        ? `gains ${percent}`
        : best === stood
          ? "nothing is cheaper"
          : `a gain of ${percent} is not clear`;
    const by = this.#countBy(chosen.point, chosen.kind, this.#task.load, "refit");
    const choice = by === null ? chosen.choices[0] : choiceAt(chosen.point, by);
    if (choice === undefined) throw new RangeError("night: expected a past to learn from, found none");
    return { point: chosen.point, choice, why, seen: this.#seen };
  }

  /** Whether a point is worth leaving another for. */
  #clearly(best: Entry, stood: Entry): boolean {
    if (best === stood) return false;
    const fails = (entry: Entry): boolean => entry.fluid.hoursMissed > 0 || entry.held === false;
    if (fails(stood)) return true;
    const gain = 1 - this.#expectedUsd(best) / this.#expectedUsd(stood);
    const saved = stood.fluid.usdByHour.map((usd, hour) => usd - (best.fluid.usdByHour[hour] ?? 0));
    const error = Math.sqrt(variance(saved) * saved.length) / stood.fluid.usd;
    return gain > Math.max(LEAST_GAIN, CLEAR * error);
  }
}

/** @throws {RangeError} when there is no kind of machine */
export function workOvernight(task: NightTask): Night {
  if (task.kinds.length === 0) throw new RangeError("night: expected at least one kind of machine, found none");
  return new NightWork(task).run();
}
