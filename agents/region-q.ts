// Region-based reinforcement learning: one measured configuration informs its whole region of the knob lattice.
//
// region(a, R) = { a' : max_k |Δ position_k| ≤ R }
// Q̂(a') = Σ_b K(d(a', b)/(R+1))·n_b·Q(b) / Σ_b K·n_b over measured b in region(a', R); a measured a' keeps its own Q(a')
// choose: ε → an action whose region is still empty; else argmax Q̂ + β·s/sqrt(1 + Σ K·n), s the spread of measured Q
// R = R0; smaller after |cover(R)| = Π_k ceil(n_k/(2R+1)) samples without a better incumbent; at R = 0 exact tables
// Source: H. Qin et al., "Swift machine learning model serving scheduling: a region based reinforcement learning
// approach", SC 2019, and its journal version in IEEE Internet of Things Journal, 2020.
// Differs: the papers publish neither code nor these details, so the following are reconstructions: the Chebyshev norm
// of the region; the kernel (`flat` gives the whole region the value of its measured representatives, `biweight` is
// safer near cliffs); the staged radius in place of their Bayesian optimization of it; the confidence term; the reward;
// the context (load level); the discount of 0 where knobs act at once.

import { z } from "zod";
import type { Json, KnobLattice, Random } from "../src/core/index.ts";
import type { Move } from "./moves.ts";
import { anyMove, type Choice, type TableRule, tableAgent, tableSettings } from "./table-learner.ts";
import type { LevelValues, MeasuredValue } from "./value-table.ts";

const settingsSchema = z.strictObject({
  ...tableSettings,
  /** First radius in steps; null for a third of the longest knob. */
  radius: z.number().int().min(0).nullable().default(null),
  /** How the radius shrinks: by one step, by half, or never. */
  shrink: z.enum(["step", "halve", "never"]).default("step"),
  /** The radius is never smaller. */
  minRadius: z.number().int().min(0).default(0),
  kernel: z.enum(["flat", "biweight"]).default("flat"),
  /** β, the weight of the confidence term. */
  confidence: z.number().min(0).default(0.5),
});

type Settings = z.infer<typeof settingsSchema>;

/** How far the radius of a level has shrunk. */
interface Stage {
  radius: number;
  /** Samples since the incumbent improved or the radius shrank. */
  idle: number;
  incumbent: number;
}

const stageSchema = z.array(
  z.object({ level: z.number().int(), radius: z.number(), idle: z.number(), incumbent: z.number().nullable() }),
);

class RegionRule implements TableRule {
  readonly #settings: Settings;
  readonly #lengths: readonly number[];
  readonly #firstRadius: number;
  readonly #stages = new Map<number, Stage>();

  constructor(settings: Settings, space: KnobLattice) {
    this.#settings = settings;
    this.#lengths = space.knobs.map((knob) => knob.values.length);
    this.#firstRadius = settings.radius ?? Math.max(1, Math.floor(Math.max(...this.#lengths) / 3));
  }

  explore(open: readonly Move[], values: LevelValues, level: number, random: Random): Choice {
    const { radius } = this.#stage(level);
    const empty = open.filter((move) => values.entries.every((entry) => this.#kernel(move, entry, radius) === 0));
    const unmeasured = empty.length > 0 ? empty : open.filter((move) => values.get(move.key) === undefined);
    const reason = empty.length > 0 ? `covers a region of radius ${radius} still empty` : "explores";
    return { move: anyMove(unmeasured.length > 0 ? unmeasured : open, random), reason };
  }

  exploit(open: readonly Move[], values: LevelValues, level: number, random: Random): Choice | undefined {
    if (values.entries.length === 0) return undefined;
    const { radius } = this.#stage(level);
    const spread = spreadOf(values.entries);
    let best: { moves: Move[]; score: number; estimate: number; weight: number } | undefined;
    for (const move of open) {
      const own = values.get(move.key);
      const { estimate, weight } =
        own === undefined ? this.#estimate(move, values, radius) : { estimate: own.value, weight: own.visits };
      if (weight === 0) continue;
      const score = estimate + (this.#settings.confidence * spread) / Math.sqrt(1 + weight);
      if (best === undefined || score > best.score) best = { moves: [move], score, estimate, weight };
      else if (score === best.score) best.moves.push(move);
    }
    if (best === undefined) return undefined;
    const estimate = best.estimate.toPrecision(4);
    return { move: anyMove(best.moves, random), reason: `region of radius ${radius} estimates reward ${estimate}` };
  }

  learned(level: number, values: LevelValues): void {
    const stage = this.#stage(level);
    const best = values.best()?.value ?? Number.NEGATIVE_INFINITY;
    if (best > stage.incumbent) {
      stage.incumbent = best;
      stage.idle = 0;
      return;
    }
    stage.incumbent = best;
    stage.idle++;
    if (stage.idle < this.#cover(stage.radius) || stage.radius <= this.#settings.minRadius) return;
    if (this.#settings.shrink === "never") return;
    const smaller = this.#settings.shrink === "step" ? stage.radius - 1 : Math.floor(stage.radius / 2);
    stage.radius = Math.max(this.#settings.minRadius, smaller);
    stage.idle = 0;
  }

  save(): Json {
    return [...this.#stages].map(([level, { radius, idle, incumbent }]) => ({
      level,
      radius,
      idle,
      incumbent: Number.isFinite(incumbent) ? incumbent : null,
    }));
  }

  restore(state: unknown): void {
    for (const { level, radius, idle, incumbent } of stageSchema.parse(state)) {
      this.#stages.set(level, { radius, idle, incumbent: incumbent ?? Number.NEGATIVE_INFINITY });
    }
  }

  #stage(level: number): Stage {
    const known = this.#stages.get(level);
    if (known !== undefined) return known;
    const stage = { radius: this.#firstRadius, idle: 0, incumbent: Number.NEGATIVE_INFINITY };
    this.#stages.set(level, stage);
    return stage;
  }

  #cover(radius: number): number {
    return this.#lengths.reduce((product, length) => product * Math.ceil(length / (2 * radius + 1)), 1);
  }

  #estimate(move: Move, values: LevelValues, radius: number): { estimate: number; weight: number } {
    let sum = 0;
    let weight = 0;
    for (const entry of values.entries) {
      const kernel = this.#kernel(move, entry, radius) * entry.visits;
      weight += kernel;
      sum += kernel * entry.value;
    }
    return { estimate: weight === 0 ? 0 : sum / weight, weight };
  }

  /** Weight of a measured configuration for another; 0 outside its region. */
  #kernel(move: Move, entry: MeasuredValue, radius: number): number {
    const { positions } = entry.move;
    let distance = 0;
    for (let k = 0; k < positions.length; k++) {
      const steps = Math.abs((positions[k] ?? 0) - (move.positions[k] ?? 0));
      if (steps > radius) return 0;
      if (steps > distance) distance = steps;
    }
    if (this.#settings.kernel === "flat") return 1;
    const scaled = distance / (radius + 1);
    return (1 - scaled * scaled) ** 2;
  }
}

function spreadOf(entries: readonly MeasuredValue[]): number {
  let sum = 0;
  let squares = 0;
  for (const { value } of entries) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / entries.length;
  return Math.sqrt(Math.max(0, squares / entries.length - mean * mean));
}

/** The published region-based reinforcement learning, every reconstruction named above. */
export const regionQ = tableAgent(
  "region-q",
  "region-based reinforcement learning (SC 2019), reconstructed",
  settingsSchema,
  (settings, { space }) => new RegionRule(settings, space),
);
