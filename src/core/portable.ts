// Portable policies: a policy without its agent, in one of a few forms that other programs can hold.

import type { Configuration } from "./knob.ts";

/** A load level's choice, as positions on the lattice. */
export interface LevelRow {
  readonly level: number;
  /** Shape [knobs]. */
  readonly positions: readonly number[];
}

/**
 * One configuration per load level. The level is folded from the arrival rates of the observation's history; the row of
 * the nearest level at or above it acts, else the last row, else `initial`.
 */
export interface LevelsForm {
  readonly form: "levels";
  /** Ascending by level. */
  readonly rows: readonly LevelRow[];
  readonly initial: Configuration;
  /** How rates become levels. */
  readonly loadLevel: {
    readonly ratio: number;
    readonly hysteresis: number;
    readonly lowestRateRps: number;
    readonly averagedWindows: number;
    readonly dispersionWindows: number;
    readonly chiSquareMedian: number;
    readonly peakFactor: number;
    readonly peakPower: number;
    readonly standardErrors: number;
  };
}

/** An ensemble of oblivious trees over raw features: a level's question is whether the feature exceeds the threshold. */
export interface TreesForm {
  readonly depth: number;
  readonly base: number;
  /** Shape [trees × depth]. */
  readonly features: readonly number[];
  /** Shape [trees × depth]. */
  readonly thresholds: readonly number[];
  /** Shape [trees × 2^depth]. */
  readonly leaves: readonly number[];
}

/** How many machines of one kind to run: a fixed number, or launched and dropped by two tree ensembles. */
export interface FleetForm {
  readonly form: "fleet";
  /** Knob that counts the machines. */
  readonly knob: string;
  readonly host: string;
  readonly market: "onDemand" | "spot";
  /** Host knobs of the kind. */
  readonly settings: Configuration;
  /** Knobs that count other machines; they go to 0 once this kind carries the load. */
  readonly others: readonly string[];
  readonly capacityRps: number;
  readonly most: number;
  readonly rule:
    | { readonly name: "static"; readonly count: number }
    | { readonly name: "learnt"; readonly margin: number; readonly up: TreesForm; readonly keep: TreesForm };
}

/** An input of a network: it sees (t(value) - offset) / scale, t = ln(1 + max(0, value)) for `log1p`, else as it is. */
export interface SeenFeature {
  readonly name: string;
  readonly unit: string;
  readonly transform?: "log1p";
  readonly offset: number;
  readonly scale: number;
}

/** y = activation(x·kernel + bias). */
export interface DenseForm {
  readonly units: number;
  readonly activation: "linear" | "tanh" | "relu";
  /** Row-major, shape [inputs, units]. */
  readonly kernel: readonly number[];
  /** Shape [units]. */
  readonly bias: readonly number[];
}

/** A gated recurrent unit over the latest windows, its gates in the order z, r, candidate; the reset acts before the product. */
export interface RecurrentForm {
  readonly units: number;
  readonly steps: number;
  readonly inputs: number;
  /** Row-major, shape [inputs, 3·units]. */
  readonly kernel: readonly number[];
  /** Row-major, shape [units, 3·units]. */
  readonly recurrentKernel: readonly number[];
  /** Shape [3·units]. */
  readonly bias: readonly number[];
}

/**
 * A network with a score for each value of each knob. Knob by knob, in order, the highest-scoring open position is taken,
 * the first of equals; `mask[k][state][position]` is the state for the next knob, or -1 where closed.
 */
export interface NetworkForm {
  readonly form: "network";
  readonly features: readonly SeenFeature[];
  readonly network: {
    readonly inputs: number;
    readonly recurrent: RecurrentForm | null;
    readonly layers: readonly DenseForm[];
  };
  /** Features of one window; null where nothing is recurrent. */
  readonly sequence: readonly SeenFeature[] | null;
  readonly mask: readonly (readonly (readonly number[])[])[] | null;
}

/** A policy in a form that formats are written for. */
export type PortablePolicy = LevelsForm | FleetForm | NetworkForm;
