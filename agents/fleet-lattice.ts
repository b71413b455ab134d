// The knob lattice of what a fleet may do until the next night, and the regions in which replays go wrong alike.
//
// knobs       kind of machine, rule, margin of learnt rules, hold of mixed, reserve of both, longest wait, share on spot
// residual    z = ln(cost simulated or measured / cost replayed as a fluid);  estimate = fluid · e^(mean z of the region)
// Source: design section 7.1 (the fleet, level 3); slowdown-regions.md for the regions.
// Differs: knobs that a rule does not read stand at their first value, so that no two points are the same rule.

import type { Configuration, Knob, KnobLattice, KnobValue } from "../src/core/index.ts";
import { REGIONS, Regions, type ResidualObservation } from "../src/slowdown/index.ts";
import { knobLattice } from "../src/spaces/index.ts";
import type { KindOfMachine } from "./fleet-kinds.ts";

export const RULES = ["mixed", "static", "learnt", "calendar"] as const;
export type RuleName = (typeof RULES)[number];

export const MARGINS = [0, 20, 50];
export const HOLDS_S = [120, 30, 300];
const SPOT_SHARES = [1, 0.75, 0.5];
/** Reserves of rules that follow the load; only the first where functions could take all of it. */
const RESERVES = [0, 1.5, 2, 2.5, 3, 4, 6];

/** A point of the lattice. */
export interface FleetPoint {
  readonly kind: string;
  readonly rule: RuleName;
  readonly margin: number;
  readonly reserve: number;
  readonly holdS: number;
  readonly waitMs: number;
  readonly spotShare: number;
}

/** A residual that was seen, and how much it still counts. */
export interface SeenResidual {
  readonly point: FleetPoint;
  readonly value: number;
  readonly weight: number;
}

/** Weight that a residual keeps from one night to the next, and the least that is remembered. */
const KEPT = 0.5;
const LEAST_WEIGHT = 0.1;
/** Spread expected of the residual as a whole. */
const WHOLE_SPREAD = 0.25;

/** What was seen, a night later. */
export function faded(seen: readonly SeenResidual[]): SeenResidual[] {
  return seen.flatMap((one) => (one.weight * KEPT < LEAST_WEIGHT ? [] : [{ ...one, weight: one.weight * KEPT }]));
}

function knob(name: string, values: readonly KnobValue[]): Knob {
  return { name, values, actuation: "hot", actuationDelayS: 0, decideEveryS: 0 };
}

/** The points a fleet may stand at, and what is expected of its replays there. */
export class FleetLattice {
  readonly #space: KnobLattice;
  readonly #kinds: readonly KindOfMachine[];
  /** Ascending, the first for none. */
  readonly reserves: readonly number[];
  readonly #points: readonly Configuration[];
  readonly #index = new Map<string, number>();
  readonly #regions: Regions;
  readonly #positions: Float64Array;

  /**
   * @param waitsMs offload thresholds to choose from, ascending
   * @param limited whether functions could not take all of the load
   */
  constructor(kinds: readonly KindOfMachine[], waitsMs: readonly number[], limited: boolean) {
    this.#kinds = kinds;
    this.reserves = limited ? RESERVES : RESERVES.slice(0, 1);
    this.#space = knobLattice([
      knob(
        "kind",
        kinds.map(({ name }) => name),
      ),
      knob("rule", RULES),
      knob("margin", MARGINS),
      knob("reserve", this.reserves),
      knob("holdS", HOLDS_S),
      knob("waitMs", waitsMs),
      knob("spotShare", SPOT_SHARES),
    ]);
    this.#points = this.#space.all();
    const width = this.#space.knobs.length;
    this.#positions = new Float64Array(this.#points.length * width);
    this.#points.forEach((point, i) => {
      const at = this.#space.coordinates(point);
      this.#positions.set(at, i * width);
      this.#index.set(at.join(), i);
    });
    this.#regions = new Regions(
      {
        positions: this.#positions,
        configurations: this.#points.length,
        lengths: this.#space.knobs.map(({ values }) => values.length),
        wide: this.#space.knobs.map(() => false),
        delayKnob: -1,
        batchKnob: -1,
        batchValues: [],
        trend: [{ spread: WHOLE_SPREAD, values: new Float64Array(this.#points.length).fill(1) }],
      },
      { ...REGIONS, siblings: false },
    );
  }

  /** The point with what its rule does not read at its first value; null where the lattice has no such point. */
  point(wanted: FleetPoint): FleetPoint | null {
    const kind = this.#kinds.find(({ name }) => name === wanted.kind);
    if (kind === undefined) return null;
    const learnt = wanted.rule === "learnt" || wanted.rule === "calendar";
    const point = {
      ...wanted,
      margin: learnt ? wanted.margin : 0,
      reserve: wanted.rule === "static" ? 0 : wanted.reserve,
      holdS: wanted.rule === "mixed" ? wanted.holdS : 120,
      spotShare: kind.market === "spot" && kind.fallbackKnob !== null ? wanted.spotShare : 1,
    };
    return this.#indexOf(point) < 0 ? null : point;
  }

  /** All points of one kind and rule at its longest wait and, where it is on spot, wholly there. */
  points(kind: KindOfMachine, rule: RuleName, waitMs: number, reserve = 0): FleetPoint[] {
    const margins = rule === "learnt" || rule === "calendar" ? MARGINS : [0];
    const holds = rule === "mixed" ? HOLDS_S : [120];
    return margins.flatMap((margin) =>
      holds.map((holdS) => ({ kind: kind.name, rule, margin, reserve, holdS, waitMs, spotShare: 1 })),
    );
  }

  /** The point with its wait one value shorter, and with other shares on spot. */
  variants(point: FleetPoint): FleetPoint[] {
    const values = (name: string): number[] =>
      this.#space.knobs.find((one) => one.name === name)?.values.map(Number) ?? [];
    const shorter = values("waitMs").filter((waitMs) => waitMs < point.waitMs);
    const changed = [
      ...shorter.slice(-1).map((waitMs) => ({ ...point, waitMs })),
      ...values("spotShare").map((spotShare) => ({ ...point, spotShare })),
    ];
    return changed.flatMap((one) => this.point(one) ?? []).filter((one) => !samePoint(one, point));
  }

  /** Learns residuals; those of points the lattice does not have are left out. */
  fit(seen: readonly SeenResidual[]): void {
    const width = this.#space.knobs.length;
    const observations = seen.flatMap(({ point, value, weight }): ResidualObservation[] => {
      const index = this.#indexOf(point);
      if (index < 0) return [];
      return [
        { positions: this.#positions.slice(index * width, (index + 1) * width), index, near: index, value, weight },
      ];
    });
    this.#regions.fit(observations);
  }

  /** Expected residual of a point. */
  residual(point: FleetPoint): number {
    const index = this.#indexOf(point);
    return index < 0 ? 0 : this.#regions.mean(index);
  }

  #indexOf(point: FleetPoint): number {
    for (const { name, values } of this.#space.knobs) {
      const value = Object.entries(point).find(([key]) => key === name)?.[1];
      if (value === undefined || !values.includes(value)) return -1;
    }
    return this.#index.get(this.#space.coordinates({ ...point }).join()) ?? -1;
  }
}

/** Whether two points are one. */
export function samePoint(a: FleetPoint, b: FleetPoint): boolean {
  return (
    a.kind === b.kind &&
    a.rule === b.rule &&
    a.margin === b.margin &&
    a.reserve === b.reserve &&
    a.holdS === b.holdS &&
    a.waitMs === b.waitMs &&
    a.spotShare === b.spotShare
  );
}
